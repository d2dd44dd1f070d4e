import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { runAsRoot } from "./privilege";
import { startTime } from "../tools/lock";

/** A process of ours that outlives the one that started it. The start time keeps a later process with the same number from being taken for it. */
export interface ProcessRecord {
  readonly pid: number;
  readonly started: string;
}

/** The record of a running process, `undefined` when there is none with that number. */
export function recordOf(pid: number): ProcessRecord | undefined {
  const started = startTime(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether exactly that process still runs. */
export function isAlive(record: ProcessRecord | undefined): record is ProcessRecord {
  return record !== undefined && startTime(record.pid) === record.started;
}

/**
 * Ends exactly that process with SIGKILL and waits until it is gone. Boards are thrown away, so nothing is gained by asking politely.
 *
 * @param asRoot - the process belongs to root.
 * @throws when it is still there after 15 s.
 */
export async function endProcess(record: ProcessRecord | undefined, asRoot = false): Promise<void> {
  if (!isAlive(record)) return;
  const { pid } = record;
  if (asRoot) await runAsRoot(["kill", "-KILL", String(pid)], { timeoutSeconds: 15 }).catch(() => undefined);
  else killIfThere(pid);
  for (let waited = 0; waited < 15_000; waited += 20) {
    if (!isAlive(record) && threadsOf(pid) <= 1) return;
    await sleep(20);
  }
  throw new Error(`process ${pid} is still there 15 s after SIGKILL`);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Threads of a process. One whose first thread is a zombie keeps its ports and files open until the others are gone too; one that nobody has
 * waited for stays a zombie with one thread.
 */
function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export function residentBytes(record: ProcessRecord): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${record.pid}/status`, "utf8"));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
