import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, link, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../tools/cache";
import { runCommand } from "../tools/command";
import type { Progress } from "../tools/progress";
import { boardTypes } from "./architectures";
import { boardImage, readImage } from "./board-image";
import { boardFiles, checkPorts, writeAtomically, type BoardRecord } from "./board-record";
import { personalizeScript } from "./board-system";
import { clockEnvironment, clockRate } from "./clock-rate";
import { continueFromState, cutPower, machineOf, monitorSocket, startMachine } from "./machine";
import { preferredPort } from "./ports";
import { endProcess } from "./process-record";
import { qemuProgram } from "./qemu-program";
import { knownHostsLine, runWhenReachable, withoutComment, type BoardAddress } from "./ssh";

/** How a board is. `dead`: its QEMU ended without `down`; the disk is still there. */
export type BoardState = "running" | "off" | "dead";

/** How a running board came up. */
export interface Running {
  /** `state`: resumed from the saved state. `boot`: booted from a pristine disk. `disk`: booted from its disk as it was. */
  readonly from: "state" | "boot" | "disk";
  /** QEMU's process on this machine. */
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** From the start of QEMU to the first login. */
  readonly seconds: number;
}

/** A resumed board answers in seconds; this is for a machine that has much else to do. */
const resumeSeconds = 90;
const bootSeconds = 600;

/** Small files of an image that a board has copies of, and large ones that it has links to: the cache may drop the image meanwhile. */
const copied = ["identity", "ssh_host_ed25519_key.pub", "accelerator"];
const linked = ["kernel", "initrd", "disk.qcow2"];

/**
 * How a board is. A QEMU that no note of a whole start names belongs to a run that was ended in between: it does not count, and is ended by
 * whoever starts the board next.
 */
export async function stateOf(name: string): Promise<BoardState> {
  const files = boardFiles(name);
  const running = await readRunning(name);
  if (!running) return "off";
  if ((await machineOf(files.pid))?.pid === running.pid) return "running";
  return existsSync(files.overlay) ? "dead" : "off";
}

/** The note about how a board came up, `undefined` when it never did. */
export async function readRunning(name: string): Promise<Running | undefined> {
  const text = await readFile(boardFiles(name).running, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Running);
}

/** Where a board is reached. */
export function boardAddress(record: BoardRecord): BoardAddress {
  const { identity, knownHosts } = boardFiles(record.name);
  return { host: "127.0.0.1", port: record.ports.ssh, user: "root", identity, knownHosts };
}

/** Host keys of a board, `<type> <base64>` each. */
export async function readHostKeys(name: string): Promise<string[]> {
  return [withoutComment(await readFile(join(boardFiles(name).directory, "ssh_host_ed25519_key.pub"), "utf8"))];
}

/** Ends a board's QEMU, if one runs, and removes its disk. */
export async function discard(name: string): Promise<void> {
  const files = boardFiles(name);
  // First the note: killed after this line, the board counts as off and not as dead with half a disk.
  await rm(files.running, { force: true });
  await endProcess(await machineOf(files.pid));
  const leftovers = [files.overlay, files.pid, `${files.pid}.log`, files.console, monitorSocket(files.directory)];
  const images = linked.map((file) => join(files.directory, file));
  await Promise.all([...leftovers, ...images].map((path) => rm(path, { force: true })));
}

/**
 * Starts a pristine board: resumed from the saved state, or booted where that fails.
 *
 * @throws when neither brings it up.
 */
export async function startPristine(record: BoardRecord, progress: Progress): Promise<void> {
  const image = await boardImage(record.architecture, progress);
  await discard(record.name);
  await checkPorts(record);
  await layDown(record, image.directory);
  try {
    await start(record, "state", progress, image.state);
  } catch (error) {
    await discard(record.name);
    await layDown(record, image.directory);
    const reason = (error as Error).message.split("\n")[0] ?? "";
    await start(record, "boot", progress, undefined, ` (the saved state does not come back: ${reason})`);
  }
}

/**
 * Boots a board from its disk as it is. A QEMU of it that still runs is killed first.
 *
 * @throws when it does not come up; the disk is kept.
 */
export async function startFromDisk(record: BoardRecord, progress: Progress): Promise<void> {
  await endProcess(await machineOf(boardFiles(record.name).pid));
  await checkPorts(record);
  await start(record, "disk", progress);
}

async function layDown(record: BoardRecord, image: string): Promise<void> {
  const files = boardFiles(record.name);
  for (const file of copied) await copyFile(join(image, file), join(files.directory, file));
  for (const file of linked) await link(join(image, file), join(files.directory, file));
  const { hostKey } = await readImage(files.directory);
  await writeAtomically(files.knownHosts, knownHostsLine(record.ports.ssh, hostKey), 0o644);
  const args = ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "disk.qcow2", files.overlay];
  await runCommand("qemu-img", args, { timeoutSeconds: 60, purpose: `making the disk of board ${record.name}` });
}

/**
 * Starts a board's QEMU from what lies in its directory, and waits for the first login.
 *
 * @param state - a saved state that fits the disk; without one the board boots.
 * @param remark - added to the title of the step.
 * @throws when it does not come up, with the end of its console; no QEMU is left then, the disk is.
 */
async function start(
  record: BoardRecord,
  from: Running["from"],
  progress: Progress,
  state?: string,
  remark = "",
): Promise<void> {
  const files = boardFiles(record.name);
  const qemu = await qemuProgram(boardTypes[record.architecture], progress);
  const rate = clockRate();
  const clock = await clockEnvironment(rate, progress);
  const remarks = rate === 1 ? remark : `${remark}, its clock at ${rate} of the usual rate`;
  const titles = {
    state: "resuming board",
    boot: "booting board",
    disk: "booting from its disk, as after a power cut, board",
  };
  await progress.step(`${titles[from]} ${record.name} (${record.architecture})${remarks}`, async (note) => {
    const begun = Date.now();
    const image = await readImage(files.directory);
    const machine = await startMachine(
      qemu,
      boardTypes[record.architecture],
      {
        ...{ accelerator: image.accelerator, kernel: image.kernel, initrd: image.initrd, disk: files.overlay },
        ...{ serialLog: files.console, pidFile: files.pid, qmpSocket: monitorSocket(files.directory) },
        ...{ ports: record.ports, number: record.number, state },
        // One network for all boards of a cache, and another one for those of another user's.
        neighbourPort: preferredPort(`neighbours ${cacheDirectory("boards")}`),
      },
      "own",
      clock,
    );
    try {
      if (state !== undefined) await continueFromState(machine);
      note("waiting for its sshd");
      const entropy = randomBytes(64).toString("hex");
      await runWhenReachable(boardAddress(record), () => personalizeScript(record, Date.now(), entropy), {
        timeoutSeconds: state === undefined ? bootSeconds : resumeSeconds,
        attemptSeconds: 30,
        purpose: `starting board ${record.name}`,
        stillRunning: machine.stopped,
      });
    } catch (error) {
      await cutPower(machine);
      const log = (await readFile(files.console, "utf8").catch(() => "")).trim().split("\n").slice(-15).join("\n");
      const advice =
        from === "disk" ? `\nits disk may be damaged; "npm run board -- reset" makes the board pristine` : "";
      throw new Error(`${(error as Error).message}${log && `\nthe end of its console:\n${log}`}${advice}`, {
        cause: error,
      });
    }
    machine.monitor.close();
    const running: Running = {
      ...{ from, pid: machine.process.pid, since: new Date().toISOString() },
      seconds: Math.round((Date.now() - begun) / 100) / 10,
    };
    await writeAtomically(files.running, `${JSON.stringify(running)}\n`);
  });
}
