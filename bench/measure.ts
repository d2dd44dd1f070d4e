import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { runCommand } from "../tools/command";
import type { BenchRegistry } from "./bench-registry";

/** What one command cost. Bytes are bytes. */
export interface Cost {
  readonly seconds: number;
  /** Processor time of the command and everything that it started and waited for. */
  readonly cpuSeconds: number;
  /** Over the network to registries, whole TCP streams with their headers. */
  readonly sent: number;
  /** Over the network from registries. */
  readonly received: number;
  /** Requests that registries answered. */
  readonly requests: number;
  /** Blobs that registries took. */
  readonly blobs: number;
  /** By all system calls for reading (files, pipes and network), of the whole process tree. */
  readonly read: number;
  /** By all system calls for writing. */
  readonly written: number;
}

/**
 * bash's own `time` counts processes that it has waited for, and so does the kernel in `/proc/<pid>/io`: what a child read and wrote is added to
 * its parent when that has waited for it. Standard output and error of the command are its own.
 */
const wrapper = `
report=$1; shift
TIMEFORMAT='time %U %S'
{ time "$@" 2>&3; } 3>&2 2>"$report"
code=$?
while IFS= read -r line; do echo "$line"; done < /proc/$$/io >> "$report"
exit $code`;

/** Options of {@link measured}. */
export interface MeasuredOptions {
  /** Where the report of the run is put for a moment. */
  readonly directory: string;
  /** Registries whose traffic belongs to the command. */
  readonly registries: readonly BenchRegistry[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command and measures it. What earlier commands left to be written to the disk is written before it starts.
 *
 * @returns what it cost, and what it printed.
 * @throws when it fails.
 */
export async function measured(
  command: readonly string[],
  { directory, registries, env = {} }: MeasuredOptions,
): Promise<{ cost: Cost; output: string }> {
  const report = join(directory, "cost");
  await runCommand("sync", []);
  for (const registry of registries) await registry.reset();
  const begun = performance.now();
  const { stdout } = await runCommand("bash", ["-c", wrapper, "bash", report, ...command], {
    env,
    timeoutSeconds: 1800,
    purpose: command[0] === "bash" ? "script of the other side" : command.slice(0, 2).join(" "),
  });
  const seconds = (performance.now() - begun) / 1000;
  const counted = await Promise.all(registries.map((registry) => registry.counted()));
  const sum = (of: (count: (typeof counted)[number]) => number) => counted.reduce((all, one) => all + of(one), 0);
  const { cpuSeconds, read, written } = parseReport(await readFile(report, "utf8"));
  await rm(report);
  const cost = {
    seconds,
    cpuSeconds,
    sent: sum((count) => count.sent),
    received: sum((count) => count.received),
    requests: sum((count) => count.requests),
    blobs: sum((count) => count.blobs),
    read,
    written,
  };
  return { cost, output: stdout };
}

/** Reads what the wrapper wrote: a line of bash's `time` and the lines of `/proc/<pid>/io`. */
export function parseReport(text: string): Pick<Cost, "cpuSeconds" | "read" | "written"> {
  const time = /^time ([\d.]+) ([\d.]+)$/m.exec(text);
  const read = /^rchar: (\d+)$/m.exec(text);
  const written = /^wchar: (\d+)$/m.exec(text);
  if (!time || !read || !written) throw new Error(`the run left no whole account of its cost:\n${text}`);
  return { cpuSeconds: Number(time[1]) + Number(time[2]), read: Number(read[1]), written: Number(written[1]) };
}
