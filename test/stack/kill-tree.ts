import { spawnSync } from "node:child_process";

/** SIGKILL for a process and everything below it: the engine and the provider must not finish the work. */
export function killTree(pid: number): void {
  const children = childrenOf(pid);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone already
  }
  for (const child of children) killTree(child);
}

function childrenOf(pid: number): number[] {
  // ps ends with 1 where it finds none
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => (line.trim() === "" ? [] : [Number(line)]));
}
