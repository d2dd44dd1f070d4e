import { join } from "node:path";
import { cacheDirectory } from "./cache";
import { findCommand, runCommand } from "./command";
import { hostArchitecture } from "./host-architecture";
import type { Progress } from "./progress";
import { fetchRelease, findRelease, type Release } from "./releases";
import { isAtLeast } from "./versions";

/**
 * The toolchain that everything is built with, so that the same source gives the same bytes everywhere. Any Go from 1.21 on fetches exactly
 * this one as a module when it is another itself.
 */
export const goVersion = "1.26.8";
const oldestThatSwitches = "1.21";

/** The lock that a Go build holds. Builds run one after the other: two at once fight for cores and memory and end later. */
export const goLock = "go-build";

/**
 * Finds a Go toolchain: on PATH, in /usr/local/go, one that was downloaded before, or Go's own release.
 *
 * @returns path of the `go` command.
 * @throws when there is none and none can be downloaded, with how to get one.
 */
export async function ensureGo(progress: Progress): Promise<string> {
  const release = goRelease();
  const known = [findCommand("go"), "/usr/local/go/bin/go"];
  const unpacked = await findRelease(release);
  if (unpacked) known.push(join(unpacked, "go/bin/go"));
  for (const path of known) {
    if (path && isAtLeast(await versionOf(path), oldestThatSwitches)) return path;
  }
  try {
    return join(await fetchRelease(release, progress), "go/bin/go");
  } catch (error) {
    throw new Error(
      `no Go toolchain: there is none on PATH or in /usr/local/go that is ${oldestThatSwitches} or newer, and Go's own release is not to be had ` +
        `(${(error as Error).message}). Install Go ${oldestThatSwitches} or newer, from your distribution or from https://go.dev/dl, and put it on PATH`,
      { cause: error },
    );
  }
}

function goRelease(): Release {
  const name = `go${goVersion}.${process.platform}-${hostArchitecture()}`;
  const url = `https://dl.google.com/go/${name}.tar.gz`;
  return { name, url, checksumUrl: `${url}.sha256` };
}

async function versionOf(path: string): Promise<string> {
  try {
    const result = await runCommand(path, ["env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" }, timeoutSeconds: 20 });
    return result.stdout;
  } catch {
    return "";
  }
}

/**
 * Environment for every `go` command: our caches, the pinned toolchain, and nothing from the user's shell that would change the result.
 * Where modules come from (GOPROXY and its kin) stays the user's choice.
 */
export function goEnvironment(): Record<string, string> {
  return {
    GOMODCACHE: cacheDirectory("go", "mod"),
    GOCACHE: cacheDirectory("go", "build"),
    GOFLAGS: "-modcacherw",
    GOTOOLCHAIN: `go${goVersion}`,
    GOWORK: "off",
    GOEXPERIMENT: "",
    GOAMD64: "v1",
    GOARM64: "v8.0",
    GORISCV64: "rva20u64",
    CGO_ENABLED: "0",
  };
}
