import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, lstatSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BoardType } from "./architectures";
import { endProcess, isAlive, recordOf, type ProcessRecord } from "./process-record";
import { qemuArguments, type QemuStart } from "./qemu";
import { QmpClient, statusOf } from "./qmp";
import { quoteForShell } from "./ssh";

/** A started QEMU. */
export interface Machine {
  readonly process: ProcessRecord;
  readonly monitor: QmpClient;
  /** Why it is no longer running, with the end of what it printed; `undefined` while it is. */
  readonly stopped: () => string | undefined;
}

/**
 * Starts QEMU and connects to its monitor.
 *
 * @param qemu - the program: see `qemuProgram`.
 * @param lifetime - `own`: it outlives this process. `ours`: it dies with it, however that dies.
 * @param environment - what QEMU's environment has besides ours.
 * @throws when QEMU ends right away (a port in use, a state that does not fit), with what it printed.
 */
export async function startMachine(
  qemu: string,
  type: BoardType,
  start: QemuStart,
  lifetime: "own" | "ours",
  environment: Readonly<Record<string, string>> = {},
): Promise<Machine> {
  const log = `${start.pidFile}.log`;
  const output = await open(log, "w", 0o600);
  const args = qemuArguments(type, start);
  const [program, programArgs] =
    lifetime === "own" ? [qemu, args] : ["setpriv", ["--pdeathsig", "KILL", "--", qemu, ...args]];
  await rm(start.pidFile, { force: true });
  await rm(start.qmpSocket, { force: true });
  const child = spawn(program, programArgs, {
    cwd: dirname(start.pidFile),
    env: { ...process.env, ...environment },
    detached: lifetime === "own",
    stdio: ["ignore", output.fd, output.fd],
  });
  let failure: string | undefined;
  child.once("error", (error) => (failure = error.message));
  child.unref();
  await output.close();
  const record = child.pid === undefined ? undefined : recordOf(child.pid);
  const stopped = () => {
    if (failure === undefined && isAlive(record)) return undefined;
    return [`${type.qemu} ended`, failure ?? "", tail(log)].filter(Boolean).join("\n");
  };
  const monitor = await QmpClient.connect(start.qmpSocket, stopped);
  if (!record) throw new Error(stopped() ?? `${type.qemu} did not start`);
  return { process: record, monitor, stopped };
}

/** Lets a machine that was started from a saved state go on. */
export async function continueFromState(machine: Machine): Promise<void> {
  await waitForStatus(machine, "loading the saved state", 60, async () => {
    const status = statusOf(await machine.monitor.execute("query-status"));
    return status !== "inmigrate";
  });
  await machine.monitor.execute("cont");
}

/**
 * Stops a machine, writes its state to a file and ends it. State and disk are a pair from then on.
 *
 * @throws when QEMU cannot save it, or not within two minutes.
 */
export async function saveState(machine: Machine, path: string): Promise<void> {
  await machine.monitor.execute("stop");
  // The default keeps a network free; this goes to a file.
  await machine.monitor.execute("migrate-set-parameters", { "max-bandwidth": 10 * 2 ** 30 });
  await machine.monitor.execute("migrate", { uri: `exec:cat > ${quoteForShell(path)}` });
  await waitForStatus(machine, "saving the state", 120, async () => {
    const status = statusOf(await machine.monitor.execute("query-migrate"));
    if (status === "failed" || status === "cancelled") throw new Error(`saving the board's state: QEMU says ${status}`);
    return status === "completed";
  });
  // Ends with the disk's metadata written; killing it here would lose some.
  await machine.monitor.execute("quit").catch(() => undefined);
  for (let waited = 0; isAlive(machine.process); waited += 50) {
    if (waited > 30_000) throw new Error("saving the board's state: QEMU did not end within 30 s");
    await sleep(50);
  }
}

async function waitForStatus(
  machine: Machine,
  what: string,
  timeoutSeconds: number,
  done: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  while (!(await done())) {
    const stopped = machine.stopped();
    if (stopped !== undefined) throw new Error(`${what}: ${stopped}`);
    if (Date.now() > deadline) throw new Error(`${what}: not finished after ${timeoutSeconds} s`);
    await sleep(50);
  }
}

/** Ends a machine at once, as if its power were cut. */
export async function cutPower(machine: Machine): Promise<void> {
  machine.monitor.close();
  await endProcess(machine.process);
}

/**
 * The running QEMU that wrote a pid file. A process that got the number later is told apart by its arguments, which name that file.
 */
export async function machineOf(pidFile: string): Promise<ProcessRecord | undefined> {
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).trim());
  const record = pid > 0 ? recordOf(pid) : undefined;
  if (!record) return undefined;
  const args = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return args[args.indexOf("-pidfile") + 1] === pidFile ? record : undefined;
}

/** Path for the monitor of a board: the path of a Unix socket has at most 107 bytes, and a cache may lie deep. */
export function monitorSocket(directory: string): string {
  const parent = join(tmpdir(), `k3s-board-${userInfo().uid}`);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(parent);
  if (uid !== userInfo().uid || (mode & 0o077) !== 0) {
    throw new Error(
      `${parent} must belong to you alone (mode 0700): QEMU's monitor is put there; remove it, or set TMPDIR`,
    );
  }
  return join(parent, `${createHash("sha256").update(directory).digest("hex").slice(0, 16)}.qmp`);
}

function tail(path: string): string {
  try {
    return readFileSync(path, "utf8").trim().split("\n").slice(-10).join("\n");
  } catch {
    return "";
  }
}
