import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fingerprint, isPinned, mismatch, offeredAlgorithms, parseHostKey, typeOfBlob } from "./host-keys";

function makeKey(type: string) {
  const directory = mkdtempSync(join(tmpdir(), "host-key-"));
  try {
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", join(directory, "key")]);
    const [, printed = ""] = execFileSync("ssh-keygen", ["-lf", join(directory, "key.pub")], {
      encoding: "utf8",
    }).split(" ");
    return {
      key: parseHostKey(readFileSync(join(directory, "key.pub"), "utf8").split(" ").slice(0, 2).join(" ")),
      printed,
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe("host keys", () => {
  const ed25519 = makeKey("ed25519");
  const ecdsa = makeKey("ecdsa");
  it("have the fingerprint that ssh-keygen prints", () => {
    for (const { key, printed } of [ed25519, ecdsa]) {
      expect(fingerprint(key.blob)).toBe(printed);
      expect(typeOfBlob(key.blob)).toBe(key.type);
    }
  });
  it("are asked for by the pinned types only", () => {
    expect(offeredAlgorithms([ecdsa.key])).toEqual(["ecdsa-sha2-nistp256"]);
    expect(offeredAlgorithms([{ type: "ssh-rsa", blob: Buffer.alloc(0) }])).toEqual(["rsa-sha2-512", "rsa-sha2-256"]);
    expect(offeredAlgorithms([{ type: "ssh-dss", blob: Buffer.alloc(0) }])).toEqual([]);
  });
  it("match byte by byte, or are named with both fingerprints", () => {
    expect(isPinned(ed25519.key.blob, [ecdsa.key, ed25519.key])).toBe(true);
    expect(isPinned(ed25519.key.blob, [ecdsa.key])).toBe(false);
    expect(mismatch(ed25519.key.blob, [ecdsa.key])).toBe(
      `the host key does not match: expected ${ecdsa.printed} (ecdsa-sha2-nistp256), presented ${ed25519.printed} (ssh-ed25519)`,
    );
  });
});
