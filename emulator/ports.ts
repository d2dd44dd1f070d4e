import { createHash } from "node:crypto";
import { createServer } from "node:net";

/** The ports on 127.0.0.1 that lead to a board. */
export interface BoardPorts {
  readonly ssh: number;
  /** Leads to the board's port 6443. */
  readonly api: number;
}

/** The ports of the board `dev`, which `Pulumi.dev.yaml` names. */
export const devPorts: BoardPorts = { ssh: 2222, api: 16443 };

const first = 20_000;
const count = 10_000;

/** A port below the ranges that kernels hand out for outgoing connections, the same one for the same text. */
export function preferredPort(text: string, attempt = 0): number {
  const number = createHash("sha256").update(text).digest().readUInt32BE(0);
  return first + ((number + attempt * 7) % count);
}

/**
 * A free port on 127.0.0.1, the same one for the same text as long as nobody else took it.
 *
 * @param taken - ports that are promised to others although nobody listens on them now.
 * @throws when a hundred in a row are in use.
 */
export async function findPort(text: string, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = preferredPort(text, attempt);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port on 127.0.0.1 for ${text}: 100 tried from ${preferredPort(text)} on`);
}

/** Whether nobody listens on a port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
