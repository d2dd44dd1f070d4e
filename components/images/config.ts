import { z } from "zod";
import { expandHome } from "../../provider/local-paths";
import { capabilities } from "./capabilities";
import { parseImageReference } from "./reference";
import { systemImageKeys } from "./system-image-keys";

const absolutePath = z.string().regex(/^\/[^\0]*[^/\0]$/, "expected an absolute path in the image, such as /coredns");

const runtime = {
  entrypoint: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Command that a container runs. Defaults to the program of the image, where it has one of its own."),
  args: z.array(z.string()).default([]).describe("Default arguments of the command."),
  user: z
    .string()
    .regex(
      /^\d+(:\d+)?$/,
      "expected numbers as <uid> or <uid>:<gid>: an image made here has no /etc/passwd to look names up in",
    )
    .default("65532:65532")
    .describe("Numeric user and group that the command runs as."),
  env: z.record(z.string().min(1), z.string()).default({}).describe("Environment variables."),
  workingDirectory: z.string().startsWith("/").default("/").describe("Directory that the command starts in."),
};

const program = {
  path: absolutePath.optional().describe("Where the program lies in the image. Defaults to /<name of the program>."),
  capabilities: z
    .array(z.enum(capabilities))
    .default([])
    .describe("File capabilities of the program, for one that needs them without being root."),
};

const goFlags = {
  ldflags: z.array(z.string()).default([]).describe("Linker flags besides `-s -w`, such as `-X main.VERSION=v1.0.0`."),
  tags: z.array(z.string()).default([]).describe("Build tags."),
  cgo: z
    .boolean()
    .default(false)
    .describe("Compiles C parts too (`CGO_ENABLED=1`), with the board's cross compiler, and links them statically."),
};

const meaning = {
  system: z
    .enum(systemImageKeys)
    .optional()
    .describe(
      "The image of k3s's own that this is, where k3s asks for it by another name than the table has (`system-images.yaml`).",
    ),
};

const pause = z.strictObject({
  kind: z.literal("pause").describe("The image of pod sandboxes: one static program, compiled from C."),
  ...meaning,
});

const debianPackageName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9+.-]+$/, "expected the name of a Debian package such as busybox-static");

const goModule = z.strictObject({
  kind: z.literal("goModule").describe("A command of a published Go module, cross-compiled."),
  module: z.string().min(1).describe("Module path, such as `github.com/coredns/coredns`."),
  version: z
    .string()
    .regex(/^v\d+\.\d+\.\d+/, "expected an exact version such as v1.14.6")
    .describe("Exact version of the module."),
  package: z.string().default(".").describe("Directory of the command in the module, such as `cmd/registry`."),
  ...goFlags,
  ...program,
  debianPackages: z
    .array(debianPackageName)
    .default([])
    .describe(
      "Debian packages whose files lie beside the program, for one that runs other programs (kube-proxy runs iptables). What they depend on has " +
        "to be named too; `/usr/share` is left out.",
    ),
  suite: z.string().min(1).default("trixie").describe("Debian release that these packages are taken from."),
  links: z.record(absolutePath, z.string().min(1)).default({}).describe("Symbolic links: target by path in the image."),
  ...runtime,
  ...meaning,
});

const goDirectory = z.strictObject({
  kind: z.literal("goDirectory").describe("A command in a directory of yours that has a go.mod, cross-compiled."),
  directory: z.string().min(1).describe("Directory with the go.mod, against the project's directory."),
  package: z.string().default(".").describe("Directory of the command in the module."),
  ...goFlags,
  ...program,
  ...runtime,
  ...meaning,
});

const c = z.strictObject({
  kind: z.literal("c").describe("A program of one C file, linked statically."),
  source: z.string().min(1).describe("The C file, against the project's directory."),
  flags: z.array(z.string()).default([]).describe("Compiler flags besides `-Os -static`."),
  ...program,
  ...runtime,
  ...meaning,
});

const file = z.strictObject({
  source: z.string().min(1).describe("File on this machine, against the project's directory."),
  mode: z
    .string()
    .regex(/^[0-7]{3,4}$/, "expected an octal mode such as 0755")
    .default("0644")
    .describe("Permissions in the image."),
});

const files = z.strictObject({
  kind: z
    .literal("files")
    .describe("Files that are there already, such as a program that somebody else built for the board."),
  files: z.record(absolutePath, file).describe("Files by their path in the image."),
  links: z.record(absolutePath, z.string().min(1)).default({}).describe("Symbolic links: target by path in the image."),
  ...runtime,
  ...meaning,
});

const debianPackage = z.strictObject({
  kind: z
    .literal("debianPackage")
    .describe("Files of a Debian package for the board's architecture, from the archive that this machine's apt uses."),
  package: debianPackageName.describe(
    "Name of the package. What it depends on is not looked at: the programs should be static.",
  ),
  suite: z.string().min(1).default("trixie").describe("Debian release that the package is taken from."),
  version: z
    .string()
    .min(1)
    .optional()
    .describe("Exact version. Defaults to the one of the suite when the package is first fetched, which is kept."),
  files: z
    .record(absolutePath, file.extend({ source: absolutePath.describe("Absolute path in the package.") }))
    .describe("Files by their path in the image."),
  links: z.record(absolutePath, z.string().min(1)).default({}).describe("Symbolic links: target by path in the image."),
  ...runtime,
  ...meaning,
});

const dockerfile = z.strictObject({
  kind: z
    .literal("dockerfile")
    .describe("A Dockerfile, built by the Docker engine of this machine for the board's platform."),
  context: z.string().min(1).describe("Directory that the build sees, against the project's directory."),
  dockerfile: z.string().min(1).optional().describe("The Dockerfile. Defaults to `Dockerfile` in the context."),
  target: z.string().min(1).optional().describe("Stage to build. Defaults to the last."),
  buildArgs: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe("Build arguments (`ARG`). They are no place for secrets."),
  ...meaning,
});

const archive = z.strictObject({
  kind: z.literal("archive").describe("An image that lies on this machine already."),
  path: z
    .string()
    .min(1)
    .describe("An OCI layout, as directory or tar, or an archive of `docker save`, against the project's directory."),
  image: z.string().min(1).optional().describe("Name of the image, where there are several in the archive."),
  ...meaning,
});

/** A full image name; docker.io and `library/` may be left out. */
export const imageName = z.string().superRefine((name, context) => {
  try {
    parseImageReference(name);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
});

const mirror = z.strictObject({
  kind: z.literal("mirror").describe("A copy of what upstream has, by digest. The programs in it are checked first."),
  from: imageName.optional().describe("Where it is copied from. Defaults to its own name."),
  platforms: z
    .enum(["board", "all"])
    .default("board")
    .describe("`board`: the board's platform. `all`: the whole index, for registries that serve others too."),
  ...meaning,
});

const alias = z.strictObject({
  kind: z.literal("alias").describe("Another image under this name as well."),
  of: imageName.describe("The other image: one of this stack's, or one that an upstream registry has for the board."),
  ...meaning,
});

const keep = z.strictObject({
  kind: z.literal("keep").describe("The board pulls it from upstream itself. It is checked and not copied."),
  ...meaning,
});

/** What an image is assembled from in process. */
const assembled = z.discriminatedUnion("kind", [pause, goModule, goDirectory, c, files, debianPackage]);

/** How the board gets one image. */
export const imageConfig = z.discriminatedUnion("kind", [
  ...assembled.options,
  dockerfile,
  archive,
  mirror,
  alias,
  keep,
]);

/** The `images` section: how the board gets its images, by the name that it asks for. */
export const imagesConfig = z.record(imageName, imageConfig);

/** {@link imagesConfig} with defaults filled in. */
export type ImagesConfig = z.output<typeof imagesConfig>;

/** One entry of {@link ImagesConfig}. */
export type ImageConfig = z.output<typeof imageConfig>;

/** What an image is assembled from; fields that the schema has defaults for may be left out. */
export type ImageSource = z.input<typeof assembled>;

/** {@link ImageSource} with defaults filled in. */
export type ResolvedImageSource = z.output<typeof assembled>;

/** A Dockerfile, with absolute paths. */
export type DockerfileSource = z.output<typeof dockerfile>;

/** An image in a file, with an absolute path. */
export type ArchiveSource = z.output<typeof archive>;

/** What makes an image of this machine's own. */
export type BuildConfig = ResolvedImageSource | DockerfileSource | ArchiveSource;

/** Whether an image comes from this machine: it is built here, or lies here. */
export function isBuild(config: ImageConfig): config is BuildConfig {
  return config.kind !== "mirror" && config.kind !== "alias" && config.kind !== "keep";
}

/**
 * Fills in defaults and makes every path on this machine absolute.
 *
 * @param base - directory that relative paths start from. Defaults to the working directory.
 * @throws for fields that the schema refuses.
 */
export function resolveImageSource(input: ImageSource, base = process.cwd()): ResolvedImageSource {
  const source = assembled.parse(input);
  switch (source.kind) {
    case "goDirectory":
      return { ...source, directory: expandHome(source.directory, base) };
    case "c":
      return { ...source, source: expandHome(source.source, base) };
    case "files": {
      const entries = Object.entries(source.files).map(
        ([path, entry]) => [path, { ...entry, source: expandHome(entry.source, base) }] as const,
      );
      return { ...source, files: Object.fromEntries(entries) };
    }
    case "pause":
    case "goModule":
    case "debianPackage":
      return source;
  }
}

/** {@link resolveImageSource} for everything that makes an image. */
export function resolveBuild(source: BuildConfig, base = process.cwd()): BuildConfig {
  switch (source.kind) {
    case "archive":
      return { ...source, path: expandHome(source.path, base) };
    case "dockerfile": {
      const context = expandHome(source.context, base);
      return { ...source, context, dockerfile: expandHome(source.dockerfile ?? `${context}/Dockerfile`, base) };
    }
    default:
      return resolveImageSource(source, base);
  }
}

/** What a source makes, for messages. */
export function describeSource(source: ImageSource | BuildConfig): string {
  switch (source.kind) {
    case "pause":
      return "the C program pause";
    case "goModule":
      return `the Go module ${source.module} ${source.version}`;
    case "goDirectory":
      return `the Go module in ${source.directory}`;
    case "c":
      return source.source;
    case "files":
      return Object.keys(source.files).join(", ");
    case "debianPackage":
      return `the Debian package ${source.package}`;
    case "dockerfile":
      return `the Dockerfile in ${source.context}`;
    case "archive":
      return source.path;
  }
}
