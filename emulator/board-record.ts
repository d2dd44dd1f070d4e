import { existsSync } from "node:fs";
import { readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { architectures, type Architecture } from "../components/board/architecture";
import { cacheDirectory, withLock } from "../tools/cache";
import { devPorts, findPort, isFree, type BoardPorts } from "./ports";

/** What stays the same for a board as long as it is known. */
export interface BoardRecord {
  readonly name: string;
  readonly architecture: Architecture;
  readonly ports: BoardPorts;
  /** Tells boards apart on their second network; 1 to 254. */
  readonly number: number;
}

/** Files of a board on this machine. `identity`, `known_hosts` and `k3s` are places that a stack's configuration names. */
export function boardFiles(name: string) {
  const directory = cacheDirectory("boards", name);
  const at = (file: string) => join(directory, file);
  return {
    directory,
    record: at("board.json"),
    identity: at("identity"),
    knownHosts: at("known_hosts"),
    k3s: at("k3s"),
    /** Written when the board has come up whole; says how. */
    running: at("running.json"),
    pid: at("pid"),
    console: at("console.log"),
    overlay: at("overlay.qcow2"),
  };
}

/** Checks the name of a board. It becomes the host name, and part of paths. */
export function checkBoardName(name: string): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `board name ${JSON.stringify(name)}: up to 32 lower-case letters, digits and dashes, as in a host name`,
    );
  }
}

/** The record of a board, `undefined` when there is no such board. */
export async function readBoardRecord(name: string): Promise<BoardRecord | undefined> {
  // Not boardFiles: asking must not create the directory.
  const path = join(cacheDirectory("boards"), name, "board.json");
  if (!existsSync(path)) return undefined;
  const record = JSON.parse(await readFile(path, "utf8")) as BoardRecord;
  if (!architectures.includes(record.architecture))
    throw new Error(`${path} is damaged; remove the directory of that board`);
  return record;
}

/** The record of a board, made when it is new: ports and number that no other board has. */
export async function makeBoardRecord(name: string, architecture: Architecture): Promise<BoardRecord> {
  return withLock("board-records", async () => {
    const known = await readBoardRecord(name);
    if (known?.architecture === architecture) return known;
    const others = (await Promise.all((await readdir(cacheDirectory("boards"))).map(readBoardRecord))).filter(
      (record): record is BoardRecord => record !== undefined && record.name !== name,
    );
    const taken = new Set([...others.flatMap(({ ports }) => [ports.ssh, ports.api]), devPorts.ssh, devPorts.api]);
    const numbers = new Set(others.map(({ number }) => number));
    const number = Array.from({ length: 254 }, (_, index) => index + 1).find((candidate) => !numbers.has(candidate));
    if (number === undefined) throw new Error("254 boards are known already; remove some of their directories");
    const ssh = name === "dev" ? devPorts.ssh : await findPort(`ssh ${name}`, taken);
    const api = name === "dev" ? devPorts.api : await findPort(`api ${name}`, new Set([...taken, ssh]));
    const record: BoardRecord = { name, architecture, ports: { ssh, api }, number };
    await writeAtomically(boardFiles(name).record, `${JSON.stringify(record)}\n`);
    return record;
  });
}

/** Throws when somebody else listens on a port of a board that is about to start. */
export async function checkPorts(record: BoardRecord): Promise<void> {
  for (const [use, port] of [
    ["ssh", record.ports.ssh],
    ["the Kubernetes API", record.ports.api],
  ] as const) {
    if (await isFree(port)) continue;
    throw new Error(
      `port ${port} on 127.0.0.1, which leads to ${use} of board ${record.name}, is used by another program; end that program` +
        (record.name === "dev"
          ? ", or take another board name (--name)"
          : ` or remove ${boardFiles(record.name).record}`),
    );
  }
}

/** Writes a file of a board so that it is there whole or not at all. */
export async function writeAtomically(path: string, content: string, mode = 0o600): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, content, { mode });
  await rename(fresh, path);
}
