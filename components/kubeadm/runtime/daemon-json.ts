import { type CgroupDriver, execOptionOf, namesDriver } from "./cgroup-drivers";

/** Where Docker reads its configuration. */
export const daemonJsonPath = "/etc/docker/daemon.json";

/** Where this program notes which part of it is its own. Docker refuses keys that it does not know, so it cannot be noted in the file itself. */
export const ownPartPath = "/etc/docker/k3s-board-daemon.json";

/** Docker's settings that a stack decides. */
export interface DaemonSettings {
  readonly cgroupDriver: CgroupDriver;
  /** Mirrors of docker.io, each a URL. */
  readonly registryMirrors: readonly string[];
  /** Registries that may be asked by http or with any certificate: `host:port` or a network. */
  readonly insecureRegistries: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** The keys of daemon.json that {@link DaemonSettings} come to. */
export function ownPart({ cgroupDriver, registryMirrors, insecureRegistries }: DaemonSettings): Json {
  return {
    "exec-opts": [execOptionOf(cgroupDriver)],
    ...(registryMirrors.length === 0 ? {} : { "registry-mirrors": [...registryMirrors] }),
    ...(insecureRegistries.length === 0 ? {} : { "insecure-registries": [...insecureRegistries] }),
  };
}

/**
 * Reads a daemon.json. A file that is empty or not there has no keys, as Docker sees it.
 *
 * @throws Error that names the file, for what is no JSON object: nothing is written over it.
 */
export function parseDaemonJson(text: string | undefined, path: string): Json {
  if (text === undefined || text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} on the board is no JSON (${(error as Error).message}): mend or remove it`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${path} on the board is no JSON object: mend or remove it`);
  return value as Json;
}

/**
 * daemon.json with our part in it, and everything that others put there left as it is: other keys, and other entries of the lists that are ours
 * in part. What we wrote before and do not want any more goes (a merge of three, as `kubectl apply` does it).
 *
 * @param there - what is in the file now.
 * @param before - the part of it that was ours the last time; empty where nothing was.
 * @param wanted - the part that is to be ours.
 */
export function mergedDaemonJson(there: Json, before: Json, wanted: Json): Json {
  const result: Record<string, unknown> = { ...there };
  for (const key of new Set([...Object.keys(before), ...Object.keys(wanted)])) {
    const ours = list(wanted[key]);
    const isGone = (entry: unknown) =>
      has(list(before[key]), entry) || has(ours, entry) || (key === "exec-opts" && namesDriver(entry));
    // the place of ours stays what it was, so that a second run writes the same
    const others = list(there[key]).filter((entry) => !isGone(entry));
    const merged = [...others, ...ours];
    if (merged.length === 0) delete result[key];
    else result[key] = merged;
  }
  return result;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function has(entries: readonly unknown[], entry: unknown): boolean {
  return entries.some((one) => JSON.stringify(one) === JSON.stringify(entry));
}

/** Text of a daemon.json. */
export function daemonJsonText(value: Json): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
