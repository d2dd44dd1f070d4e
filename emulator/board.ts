import { existsSync } from "node:fs";
import type { Architecture } from "../components/board/architecture";
import { withLock } from "../tools/cache";
import { silentProgress, type Progress } from "../tools/progress";
import { boardFiles, checkBoardName, makeBoardRecord, readBoardRecord, type BoardRecord } from "./board-record";
import {
  boardAddress,
  discard,
  readHostKeys,
  readRunning,
  startFromDisk,
  startPristine,
  stateOf,
  type BoardState,
  type Running,
} from "./board-start";
import { neighbour } from "./board-system";
import { linkK3s } from "./k3s-binary";
import { machineOf } from "./machine";
import { endProcess, residentBytes } from "./process-record";
import type { BoardAddress } from "./ssh";

/** A running emulated board. */
export interface EmulatedBoard extends BoardAddress {
  readonly name: string;
  readonly architecture: Architecture;
  /** The board's host keys, `<type> <base64>` each. */
  readonly hostKeys: readonly string[];
  /** Port on 127.0.0.1 that leads to the board's port 6443. */
  readonly apiPort: number;
  /** Path on this machine of the k3s program for this board. */
  readonly k3s: string;
  /** Address on the network that all running boards share; the board's own on `eth1`. */
  readonly neighbourAddress: string;
}

/** Which board. */
export interface BoardChoice {
  /** Defaults to `dev`, the one that `Pulumi.dev.yaml` is for. */
  readonly name?: string;
  /** Defaults to riscv64. */
  readonly architecture?: Architecture;
  /** Whether a k3s program is put in its place, which builds the launcher when there is none. Defaults to true. */
  readonly k3s?: boolean;
}

/** Answer of {@link boardStatus}. */
export interface BoardStatus extends Partial<Running> {
  readonly name: string;
  readonly state: BoardState;
  /** The rest is there for a board that is known. */
  readonly board?: EmulatedBoard;
  /** What QEMU takes of this machine's memory. */
  readonly memoryBytes?: number;
}

/**
 * Makes sure that a board runs. One that runs is left alone; one whose QEMU was killed boots from its disk as it was, as a board does after a power cut;
 * otherwise a pristine one is resumed from the saved state.
 *
 * @throws when another architecture's board has the name, a port is in use, or the board does not come up.
 */
export async function upBoard(choice: BoardChoice, progress: Progress): Promise<EmulatedBoard> {
  return withChosen(choice, progress, async (name, architecture) => {
    const known = await readBoardRecord(name);
    const state = await stateOf(name);
    if (known && known.architecture !== architecture && state !== "off") {
      throw new Error(
        `board ${name} is ${known.architecture}, not ${architecture}: end it first (board down --name ${name}), or take another name`,
      );
    }
    const record = await makeBoardRecord(name, architecture);
    await together([
      async () => {
        if (state === "running") return;
        if (state === "dead") await startFromDisk(record, progress);
        else await startPristine(record, progress);
      },
      async () => {
        if (choice.k3s ?? true) await linkK3s(architecture, boardFiles(name).k3s, progress);
      },
    ]);
    return describeBoard(record);
  });
}

/**
 * Makes sure that several boards run, which see each other at their {@link EmulatedBoard.neighbourAddress}. They come up one after the other: side by
 * side, each would wait for the others' processor time.
 */
export async function upBoards(
  names: readonly string[],
  choice: Omit<BoardChoice, "name">,
  progress: Progress,
): Promise<EmulatedBoard[]> {
  const boards: EmulatedBoard[] = [];
  for (const name of names) boards.push(await upBoard({ ...choice, name }, progress));
  return boards;
}

/** Ends a board and forgets its disk. Keys, ports and k3s keep their places. Returns whether there was anything to end. */
export async function downBoard(name = "dev", progress: Progress = silentProgress): Promise<boolean> {
  checkBoardName(name);
  if (!(await readBoardRecord(name))) return false;
  return withBoard(name, progress, async () => {
    const was = (await stateOf(name)) !== "off";
    await discard(name);
    return was;
  });
}

/** A pristine board again, whatever happened to it. Takes seconds. */
export async function resetBoard(choice: BoardChoice, progress: Progress): Promise<EmulatedBoard> {
  const known = await readBoardRecord(choice.name ?? "dev");
  return withChosen({ architecture: known?.architecture, ...choice }, progress, async (name, architecture) => {
    await discard(name);
    const record = await makeBoardRecord(name, architecture);
    await startPristine(record, progress);
    return describeBoard(record);
  });
}

/** Cuts the board's power: QEMU is killed, what was not flushed is lost. The disk stays. */
export async function killBoard(name = "dev", progress: Progress = silentProgress): Promise<void> {
  await withBoard(name, progress, async () => endProcess(await machineOf(boardFiles(name).pid)));
}

/** Cuts the board's power and boots it again from its disk as it is then. */
export async function powerCycleBoard(name = "dev", progress: Progress = silentProgress): Promise<EmulatedBoard> {
  return withBoard(name, progress, async () => {
    const record = await readBoardRecord(name);
    if (!record || (await stateOf(name)) === "off") throw new Error(`board ${name} is not running`);
    await startFromDisk(record, progress);
    return describeBoard(record);
  });
}

/** How a board is, without touching it. */
export async function boardStatus(name = "dev"): Promise<BoardStatus> {
  checkBoardName(name);
  const record = await readBoardRecord(name);
  if (!record || !existsSync(boardFiles(name).knownHosts)) return { name, state: "off" };
  const state = await stateOf(name);
  const board = await describeBoard(record);
  const process = await machineOf(boardFiles(name).pid);
  if (state !== "running" || !process) return { name, state, board };
  return { name, state, board, memoryBytes: residentBytes(process), ...(await readRunning(name)) };
}

async function withChosen(
  choice: BoardChoice,
  progress: Progress,
  work: (name: string, architecture: Architecture) => Promise<EmulatedBoard>,
): Promise<EmulatedBoard> {
  const name = choice.name ?? "dev";
  checkBoardName(name);
  return withBoard(name, progress, () => work(name, choice.architecture ?? "riscv64"));
}

/** One run at a time works on a board; a second one waits, and says for whom. */
function withBoard<T>(name: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  let acquired: () => void = () => undefined;
  return withLock(
    `board-${name}`,
    () => {
      acquired();
      return work();
    },
    {
      onWait: (pid) => {
        const title = `waiting for process ${pid}, which is at work on board ${name}`;
        void progress.step(title, () => new Promise<void>((resolve) => (acquired = resolve)));
      },
    },
  );
}

async function describeBoard(record: BoardRecord): Promise<EmulatedBoard> {
  return {
    ...boardAddress(record),
    name: record.name,
    architecture: record.architecture,
    hostKeys: await readHostKeys(record.name),
    apiPort: record.ports.api,
    k3s: boardFiles(record.name).k3s,
    neighbourAddress: neighbour(record.number).address,
  };
}

/** Runs works side by side to the end of each, so that none goes on unseen after another one failed; throws the first error. */
async function together(works: readonly (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(works.map((work) => work()));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
