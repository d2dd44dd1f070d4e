import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Architecture } from "../board/architecture";
import { ensureCCompiler } from "../../tools/cross-compiler";
import { resolveGoModule, type GoBuild } from "../../tools/go";
import type { Progress } from "../../tools/progress";
import type { ResolvedImageSource } from "./config";

type GoModuleSource = Extract<ResolvedImageSource, { kind: "goModule" }>;
type GoDirectorySource = Extract<ResolvedImageSource, { kind: "goDirectory" }>;

/** Modules whose go.mod and go.sum come with this program: nothing has to be resolved, and every dependency's digest is known. */
const modulesDirectory = resolve(__dirname, "../../tools/modules");

/** What is built for an image from a published Go module. */
export async function moduleBuild(
  source: GoModuleSource,
  architecture: Architecture,
  progress: Progress,
): Promise<GoBuild> {
  const packagePath = source.package === "." ? source.module : `${source.module}/${source.package}`;
  const module =
    (await bundledModule(packagePath, source)) ?? (await resolveGoModule(packagePath, source.version, progress));
  return {
    module,
    packagePath,
    goarch: architecture,
    name: commandName(packagePath),
    ...(await flagsOf(source, architecture, progress)),
  };
}

/** What is built for an image from a directory with a go.mod. */
export async function directoryBuild(
  source: GoDirectorySource,
  architecture: Architecture,
  progress: Progress,
): Promise<GoBuild> {
  const { directory } = source;
  if (!existsSync(join(directory, "go.mod"))) throw new Error(`${directory} has no go.mod; \`go mod init\` makes one`);
  const packagePath = source.package === "." ? "." : `./${source.package.replace(/^\.\//, "")}`;
  const name = basename(source.package === "." ? directory : source.package);
  return {
    module: directory,
    packagePath,
    goarch: architecture,
    name,
    ...(await flagsOf(source, architecture, progress)),
  };
}

/**
 * Flags and environment of a build. With CGO everything is linked statically, Go's own resolver and user lookup included, as the image has no
 * C library; the compiler's identity is part of the environment, and with it of the key, since its bytes end up in the program.
 */
async function flagsOf(
  { ldflags, tags, cgo }: Pick<GoModuleSource, "ldflags" | "tags" | "cgo">,
  architecture: Architecture,
  progress: Progress,
): Promise<Pick<GoBuild, "ldflags" | "tags" | "env">> {
  if (!cgo) return { ldflags, tags };
  const compiler = await ensureCCompiler(architecture, progress);
  return {
    ldflags: [...ldflags, "-linkmode external", `-extldflags "-static -Wl,--build-id=none"`],
    tags: [...new Set(["netgo", "osusergo", ...tags])],
    env: { CGO_ENABLED: "1", CC: compiler.command, K3S_BOARD_CC: compiler.identity },
  };
}

/** Name of the command that `go install` would make of a package: its last part, without a major version. */
export function commandName(packagePath: string): string {
  const parts = packagePath.split("/").filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? packagePath;
}

/** The directory of `tools/modules` that builds a command at this version. */
async function bundledModule(
  packagePath: string,
  { module, version }: Pick<GoModuleSource, "module" | "version">,
): Promise<string | undefined> {
  for (const name of (await readdir(modulesDirectory)).sort()) {
    const directory = join(modulesDirectory, name);
    const goMod = await readFile(join(directory, "go.mod"), "utf8").catch(() => "");
    const lines = goMod.split("\n").map((line) => line.replace(/^(tool|require) /, "").trim());
    if (lines.includes(packagePath) && lines.some((line) => line.split(" // ")[0] === `${module} ${version}`))
      return directory;
  }
  return undefined;
}
