import { readFileSync } from "node:fs";

/** A process of this machine. */
export interface ProcessAt {
  /** When it was started, where that can be known. */
  readonly begun?: Date;
  /** Whether the process that started it is gone: it then belongs to init. */
  readonly orphan: boolean;
}

const ticksPerSecond = 100;

/** Reads what we need from `/proc/<pid>/stat` and the boot time of `/proc/stat`. Pure. `undefined` for a zombie: it does nothing any more. */
export function parseProcess(stat: string, bootSeconds: number | undefined): ProcessAt | undefined {
  // The command name in field 2 may hold spaces and brackets: count behind its closing one. Field 3 is the state, 4 the parent, 22 the start.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const begunTicks = Number(fields[19]);
  const begun =
    bootSeconds === undefined || !Number.isFinite(begunTicks)
      ? undefined
      : new Date((bootSeconds + begunTicks / ticksPerSecond) * 1000);
  return { ...(begun ? { begun } : {}), orphan: fields[1] === "1" };
}

/** Whether the terminal delivers Ctrl-C to the process of this `/proc/<pid>/stat`: its group is the terminal's foreground group. Pure. */
export function isForeground(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[2] !== undefined && fields[2] === fields[5];
}

/** What runs under a process number; `undefined` when nothing does. Elsewhere than on Linux only whether it runs is known. */
export function processAt(pid: number): ProcessAt | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
    return parseProcess(stat, boot === undefined ? undefined : Number(boot));
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return { orphan: false };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? { orphan: false } : undefined;
  }
}

/** Whether Ctrl-C on our terminal also reaches the processes that we start. */
export function terminalSignalsUs(): boolean {
  try {
    return isForeground(readFileSync("/proc/self/stat", "utf8"));
  } catch {
    return process.stdin.isTTY === true;
  }
}
