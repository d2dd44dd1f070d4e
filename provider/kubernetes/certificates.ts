import { X509Certificate } from "node:crypto";
import type { Board } from "../ssh/board";

/**
 * Days before its end in which a k3s that starts renews a certificate. Releases from before May 2025 do it in the last 90 days only
 * (k3s-io/k3s#12171).
 */
export const renewalDays = 120;

const dayMilliseconds = 86_400_000;

/** Has k3s make the certificates of its nodes anew in one run, where it is `1`. The command line sets it for `kubeconfig --rotate`. */
export const rotateVariable = "K3S_BOARD_ROTATE_CERTIFICATES";

/** Whether this run has k3s make its certificates anew. */
export function isRotationAsked(): boolean {
  return process.env[rotateVariable] === "1";
}

/** A certificate's place and end. */
export interface CertificateEnd {
  readonly path: string;
  readonly notAfter: Date;
}

/** Those that tell when the certificates of a node end, of a server and of an agent: k3s makes and renews what a node has at its starts. */
const toldBy = [
  "server/tls/client-admin.crt",
  "server/tls/serving-kube-apiserver.crt",
  "agent/client-kubelet.crt",
  "agent/serving-kubelet.crt",
];

/** When the certificates of a node end, by k3s's data directory. Empty before k3s has made some. */
export async function certificateEnds(board: Board, dataDir: string): Promise<CertificateEnd[]> {
  const found = toldBy.map(async (name): Promise<CertificateEnd[]> => {
    const path = `${dataDir}/${name}`;
    const file = await board.file(path);
    const notAfter = file.kind === "file" && file.content !== undefined ? endOf(file.content) : undefined;
    return notAfter === undefined ? [] : [{ path, notAfter }];
  });
  return (await Promise.all(found)).flat();
}

/** The end of the first certificate in a file; `undefined` for what is none. */
function endOf(pem: Buffer): Date | undefined {
  try {
    return new Date(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}

/** A sentence about the certificate that ends first, where that is near enough for a restart of k3s to renew it. */
export function certificateWarning(ends: readonly CertificateEnd[], now: Date): string | undefined {
  const [first] = [...ends].sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime());
  if (first === undefined) return undefined;
  const days = Math.floor((first.notAfter.getTime() - now.getTime()) / dayMilliseconds);
  if (days >= renewalDays) return undefined;
  const day = first.notAfter.toISOString().slice(0, 10);
  const when = days < 0 ? `has expired on ${day}` : `expires on ${day}, in ${days === 1 ? "one day" : `${days} days`}`;
  return `the certificate ${first.path} ${when}: a restart of k3s renews it (releases from before May 2025: in its last 90 days), and \`npm run kubeconfig -- --rotate\` at any time`;
}
