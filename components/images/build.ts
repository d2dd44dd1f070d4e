import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { Architecture } from "../board/architecture";
import { cached, findCached } from "../../tools/cache";
import { sha256OfFile } from "../../tools/digest";
import { buildGo, goBuildKey, type GoBuild } from "../../tools/go";
import type { Progress } from "../../tools/progress";
import { trace } from "../../tools/trace";
import { assembleImage, imageKey, readImage, type ImageSpec, type Runtime, type TreeEntry } from "./assemble";
import { prepareC } from "./c-program";
import type { Capability } from "./capabilities";
import { describeSource, resolveImageSource, type ImageSource, type ResolvedImageSource } from "./config";
import { directoryBuild, moduleBuild } from "./go-program";
import { debianTree } from "./debian-tree";
import { fetchDebianPackage } from "../../tools/debian-package";
import { linux, type BuiltImage, type Platform } from "./image";
import { checkPrograms, usualPageSize, type ProgramCheck } from "./programs";

export type { BuiltImage, ImageSource };

/** An image whose key is known before anything is built. */
interface Plan {
  /** Identifies the content of the tree without having it. */
  readonly content: unknown;
  readonly runtime: Runtime;
  readonly annotations: Readonly<Record<string, string>>;
  /** Builds what the tree is made of. */
  tree(): Promise<readonly TreeEntry[]>;
}

/** Options of {@link buildImage}. */
export interface BuildOptions extends ProgramCheck {
  /** Directory that relative paths of the source start from. Defaults to the working directory. */
  readonly base?: string;
}

/**
 * Builds an image for an architecture, or finds it as it was built before: then only keys are computed, which takes milliseconds. Every program
 * in it is checked to be of that architecture.
 *
 * @throws when a tool is missing, the build fails, or a program is of another architecture.
 */
export async function buildImage(
  source: ImageSource,
  architecture: Architecture,
  progress: Progress,
  { base, pageSize = usualPageSize }: BuildOptions = {},
): Promise<BuiltImage> {
  const platform = linux(architecture);
  const name = describeSource(source);
  const plan = await planImage(resolveImageSource(source, base), platform, progress);
  // An image in the cache has passed the check for the pages of its key.
  const pages = pageSize === usualPageSize ? [] : [{ pageSize }];
  const key = imageKey(platform, plan.content, plan.runtime, plan.annotations, ...pages);
  const found = await findCached("images", key);
  if (found) return readImage(found, platform);
  const started = Date.now();
  const tree = await plan.tree();
  checkPrograms(name, tree, platform, { pageSize });
  const spec: ImageSpec = { tree, runtime: plan.runtime, annotations: plan.annotations };
  const directory = await progress.step(`assembling the image of ${name} for linux/${architecture}`, () =>
    cached("images", key, async (target) => void (await assembleImage(spec, platform, target))),
  );
  const image = await readImage(directory, platform);
  trace({
    kind: "build",
    purpose: `building the image of ${name}`,
    milliseconds: Date.now() - started,
    bytes: image.size,
  });
  return image;
}

async function planImage(source: ResolvedImageSource, platform: Platform, progress: Progress): Promise<Plan> {
  const { architecture } = platform;
  switch (source.kind) {
    case "pause": {
      const program = { source: resolve(__dirname, "pause/pause.c"), flags: [], architecture };
      const runtime = { entrypoint: ["/pause"], args: [], user: "65535:65535", env: {}, workingDirectory: "/" };
      return planC(program, { path: "/pause", capabilities: [] }, runtime, progress);
    }
    case "c": {
      const path = source.path ?? `/${basename(source.source, ".c")}`;
      const program = { source: source.source, flags: source.flags, architecture };
      return planC(program, { path, capabilities: source.capabilities }, runtimeOf(source, path), progress);
    }
    case "goModule":
      return planGo(await moduleBuild(source, architecture, progress), source, moduleAnnotations(source), progress);
    case "goDirectory":
      return planGo(await directoryBuild(source, architecture, progress), source, {}, progress);
    case "files":
      return planFiles(source, source.files, {});
    case "debianPackage": {
      const { directory, version } = await fetchDebianPackage(source, architecture, progress);
      const files = Object.entries(source.files).map(
        ([path, file]) => [path, { ...file, source: join(directory, file.source) }] as const,
      );
      return planFiles(source, Object.fromEntries(files), {
        "org.opencontainers.image.source": `https://packages.debian.org/${source.suite}/${source.package}`,
        "org.opencontainers.image.version": version,
      });
    }
  }
}

interface ProgramPlace {
  readonly path: string;
  readonly capabilities: readonly Capability[];
}

async function planC(
  program: Parameters<typeof prepareC>[0],
  place: ProgramPlace,
  runtime: Runtime,
  progress: Progress,
): Promise<Plan> {
  const build = await prepareC(program, progress);
  return {
    content: [build.key, place],
    runtime,
    annotations: {},
    tree: async () => [{ ...place, mode: 0o755, content: await readFile(await build.compile()) }],
  };
}

async function planGo(
  build: GoBuild,
  source: Extract<ResolvedImageSource, { kind: "goModule" | "goDirectory" }>,
  annotations: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<Plan> {
  const place: ProgramPlace = { path: source.path ?? `/${build.name}`, capabilities: source.capabilities };
  const beside = await besideProgram(build, source, progress);
  return {
    content: [await goBuildKey(build), place, ...(beside === undefined ? [] : [beside.identity])],
    runtime: runtimeOf(source, place.path),
    annotations,
    tree: async () => [
      { ...place, mode: 0o755, content: await readFile((await buildGo(build, progress)).path) },
      ...((await beside?.entries()) ?? []),
    ],
  };
}

/** What lies beside the program of a Go module; `undefined` where nothing does. */
async function besideProgram(
  { goarch }: GoBuild,
  source: Extract<ResolvedImageSource, { kind: "goModule" | "goDirectory" }>,
  progress: Progress,
): Promise<{ readonly identity: unknown; entries(): Promise<TreeEntry[]> } | undefined> {
  if (source.kind !== "goModule") return undefined;
  const links = Object.entries(source.links).map(([path, target]) => ({ path, target }));
  if (source.debianPackages.length === 0 && links.length === 0) return undefined;
  const packages = await debianTree(source.debianPackages, source.suite, goarch, progress);
  return {
    identity: [packages.identity, links],
    entries: async () => [...(await packages.entries()), ...links],
  };
}

/**
 * What a published module says of itself. A tag of a repository names a revision only there, and who serves the module may or may not tell it:
 * an image must not differ by that, so only a pseudo-version, which has the revision in it, gives one.
 */
function moduleAnnotations({ module, version }: { module: string; version: string }): Record<string, string> {
  const revision = /[.-]\d{14}-([0-9a-f]{12})$/.exec(version)?.[1];
  return {
    "org.opencontainers.image.source": `https://${module.replace(/\/v\d+$/, "")}`,
    "org.opencontainers.image.version": version.replace(/^v/, ""),
    ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
  };
}

type FilesSource = Extract<ResolvedImageSource, { kind: "files" | "debianPackage" }>;

async function planFiles(
  source: FilesSource,
  files: Readonly<Record<string, { source: string; mode: string }>>,
  annotations: Readonly<Record<string, string>>,
): Promise<Plan> {
  const entries = Object.entries(files).map(([path, { source: from, mode }]) => ({ path, from, mode }));
  const links = Object.entries(source.links).map(([path, target]) => ({ path, target }));
  const content = await Promise.all(
    entries.map(async ({ path, from, mode }) => [path, mode, await sha256OfFile(from)] as const),
  );
  const [only] = entries;
  return {
    content: [content, links],
    runtime: runtimeOf(source, entries.length === 1 && only ? only.path : undefined),
    annotations,
    tree: async () => [
      ...(await Promise.all(
        entries.map(async ({ path, from, mode }) => ({
          path,
          mode: parseInt(mode, 8),
          content: await readFile(from),
        })),
      )),
      ...links,
    ],
  };
}

function runtimeOf(source: Exclude<ResolvedImageSource, { kind: "pause" }>, program: string | undefined): Runtime {
  const { args, user, env, workingDirectory } = source;
  const entrypoint = source.entrypoint ?? (program === undefined ? [] : [program]);
  return { entrypoint, args, user, env, workingDirectory };
}
