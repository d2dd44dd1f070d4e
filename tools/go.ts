import { createHash } from "node:crypto";
import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import type { Architecture } from "../components/board/architecture";
import { cached, findCached, withLock } from "./cache";
import { runCommand } from "./command";
import { sha256OfFile } from "./digest";
import { ensureGo, goEnvironment, goLock, goVersion } from "./go-toolchain";
import type { Progress } from "./progress";
import { prune } from "./prune";

/** One program to build. */
export interface GoBuild {
  /** Directory with the go.mod that names every dependency. */
  readonly module: string;
  /** A go.mod to take in place of that directory's own (`-modfile`), with its go.sum beside it: the same code with other versions. */
  readonly modfile?: string;
  /** Import path of the main package, or `.` for the module's own. */
  readonly packagePath: string;
  readonly goarch: Architecture;
  /** Defaults to linux. */
  readonly goos?: "linux" | "darwin";
  /** Added to `-s -w`, such as `-X main.VERSION=v1`. */
  readonly ldflags?: readonly string[];
  readonly tags?: readonly string[];
  /** More environment, such as `CGO_ENABLED=1` and `CC` (the default is `CGO_ENABLED=0`). Part of the key. */
  readonly env?: Readonly<Record<string, string>>;
  /** File name of the program. */
  readonly name: string;
}

/** A program that was built. */
export interface BuiltProgram {
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Key of a build: everything that the bytes of the program depend on. */
export async function goBuildKey(build: GoBuild): Promise<string> {
  const hash = createHash("sha256");
  const { name, packagePath, goarch, goos = "linux", ldflags = [], tags = [], env = {}, modfile } = build;
  hash.update(JSON.stringify([goVersion, packagePath, goarch, goos, ldflags, tags, Object.entries(env).sort()]));
  for (const directory of [build.module, ...(await replacedDirectories(build.module))]) {
    for (const file of await filesBelow(directory)) {
      hash.update(`\0${relative(directory, file.path)}\0`);
      hash.update(file.content);
    }
  }
  if (modfile !== undefined) for (const file of [modfile, sumOf(modfile)]) hash.update(await readFile(file));
  return `${name}-${goos}-${goarch}-${hash.digest("hex").slice(0, 24)}`;
}

/** The checksums that Go reads beside a go.mod. */
function sumOf(modfile: string): string {
  return modfile.replace(/\.mod$/, ".sum");
}

/** The program of an earlier build of the same, or `undefined`. Costs milliseconds and needs no toolchain. */
export async function findGoBuild(build: GoBuild): Promise<BuiltProgram | undefined> {
  const directory = await findCached("go-builds", await goBuildKey(build));
  return directory ? readBuilt(directory, build.name) : undefined;
}

/**
 * Builds a Go program reproducibly (`-trimpath`, no version-control stamp, pinned toolchain) or takes it from the cache.
 *
 * @throws when there is no toolchain, a module is not to be had or the build fails, with the compiler's last lines.
 */
export async function buildGo(build: GoBuild, progress: Progress): Promise<BuiltProgram> {
  const found = await findGoBuild(build);
  if (found) return found;
  const title = `building ${build.name} for ${build.goos ?? "linux"}/${build.goarch} from its Go module`;
  const directory = await progress.step(title, async (note) => {
    const onWait = (pid: number) => note(`waiting for process ${pid}, which builds too`);
    return cached(
      "go-builds",
      await goBuildKey(build),
      async (target) => {
        const go = await ensureGo(progress);
        const path = join(target, build.name);
        await withLock(goLock, () => compile(go, build, path, note), { onWait });
        await writeFile(join(target, "sha256"), await sha256OfFile(path));
      },
      { onWait },
    );
  });
  // Builds are what makes the cache grow most; emulated boards and the plain Pulumi command line build too.
  await prune();
  return readBuilt(directory, build.name);
}

async function compile(go: string, build: GoBuild, output: string, note: (text: string) => void): Promise<void> {
  const args = ["build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly"];
  args.push("-ldflags", ["-s", "-w", ...(build.ldflags ?? [])].join(" "));
  if (build.modfile !== undefined) args.push("-modfile", build.modfile);
  if (build.tags?.length) args.push("-tags", build.tags.join(","));
  args.push("-o", output, build.packagePath);
  let packages = 0;
  await runCommand(go, args, {
    cwd: build.module,
    env: { ...goEnvironment(), GOOS: build.goos ?? "linux", GOARCH: build.goarch, ...build.env },
    timeoutSeconds: 3600,
    purpose: `go build ${build.packagePath}`,
    onLine: (line) => note(line.startsWith("go: downloading") ? line.slice(4) : `${++packages} packages compiled`),
  });
}

/**
 * A module directory with a go.mod for one command of a published module, made by `go get -tool` and kept.
 *
 * @param packagePath - import path of the command.
 * @param version - exact version, such as `v0.0.31`.
 * @returns the directory, for {@link GoBuild.module}.
 */
export async function resolveGoModule(packagePath: string, version: string, progress: Progress): Promise<string> {
  if (!/^v\d+\.\d+\.\d+/.test(version)) {
    throw new Error(
      `version ${version} of ${packagePath} is not exact; write it as v1.2.3, so that it always means the same`,
    );
  }
  const key = `${packagePath.replace(/[^A-Za-z0-9.]/g, "-")}-${version}-go${goVersion}`;
  const found = await findCached("go-modules", key);
  if (found) return found;
  return progress.step(`resolving ${packagePath} ${version}`, (note) =>
    cached("go-modules", key, async (directory) => {
      const go = await ensureGo(progress);
      await writeFile(join(directory, "go.mod"), `module image.local/tool\n\ngo ${goVersion}\n`);
      await withLock(goLock, () =>
        runCommand(go, ["get", "-tool", `${packagePath}@${version}`], {
          cwd: directory,
          env: goEnvironment(),
          timeoutSeconds: 900,
          onLine: (line) => note(line.replace(/^go: /, "")),
        }),
      );
    }),
  );
}

async function readBuilt(directory: string, name: string): Promise<BuiltProgram> {
  return { path: join(directory, name), sha256: await readFile(join(directory, "sha256"), "utf8") };
}

/** Local directories that go.mod puts in place of modules; their content counts too. */
async function replacedDirectories(module: string): Promise<string[]> {
  const text = await readFile(join(module, "go.mod"), "utf8");
  return [...text.matchAll(/=>\s+(\.{1,2}\/\S+)/g)].map((match) => resolve(module, match[1] ?? ""));
}

async function filesBelow(directory: string): Promise<{ path: string; content: Buffer | string }[]> {
  const found: { path: string; content: Buffer | string }[] = [];
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isSymbolicLink()) found.push({ path, content: await readlink(path) });
    else if (entry.isFile()) found.push({ path, content: await readFile(path) });
  }
  return found;
}
