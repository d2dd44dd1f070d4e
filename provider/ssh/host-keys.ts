import { createHash, timingSafeEqual } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";

/** One pinned host key. */
export interface HostKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, … */
  readonly type: string;
  readonly blob: Buffer;
}

/** Signature algorithms by key type; an RSA key signs with SHA-2, the SHA-1 form is not offered. */
const algorithmsOfType: Record<string, readonly ServerHostKeyAlgorithm[]> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** Reads `<type> <base64>`. */
export function parseHostKey(text: string): HostKey {
  const [type = "", base64 = ""] = text.split(" ");
  return { type, blob: Buffer.from(base64, "base64") };
}

/** The fingerprint that `ssh-keygen -lf` prints: `SHA256:` and unpadded base64. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a key blob names in its first field (RFC 4253, 6.6); empty for something that is no key. */
export function typeOfBlob(blob: Buffer): string {
  if (blob.length < 4) return "";
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
}

/**
 * What to offer the server, so that it presents a key of a pinned type and not its favourite one. Empty where none of the pinned types is
 * known to the SSH library.
 */
export function offeredAlgorithms(pinned: readonly HostKey[]): ServerHostKeyAlgorithm[] {
  const types = new Set(pinned.map((key) => key.type));
  return Object.entries(algorithmsOfType)
    .filter(([type]) => types.has(type))
    .flatMap(([, algorithms]) => algorithms);
}

/** True when the presented key is one of the pinned ones. */
export function isPinned(presented: Buffer, pinned: readonly HostKey[]): boolean {
  return pinned.some((key) => key.blob.length === presented.length && timingSafeEqual(key.blob, presented));
}

/** The sentence for a key that is not pinned: both fingerprints. */
export function mismatch(presented: Buffer, pinned: readonly HostKey[]): string {
  const expected = pinned.map((key) => `${fingerprint(key.blob)} (${key.type})`).join(" or ");
  return `the host key does not match: expected ${expected}, presented ${fingerprint(presented)} (${typeOfBlob(presented)})`;
}
