import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** A path on this machine as people write it: replaces a leading `~` by the home directory and makes the path absolute against `base` (default: the working directory). */
export function expandHome(path: string, base = process.cwd()): string {
  if (path === "~") return homedir();
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(base, path);
}
