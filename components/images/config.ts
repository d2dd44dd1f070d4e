import { z } from "zod";
import { expandHome } from "../../provider/local-paths";
import { capabilities } from "./capabilities";
import { parseImageReference } from "./reference";

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
};

const pause = z.strictObject({
  kind: z.literal("pause").describe("The image of pod sandboxes: one static program, compiled from C."),
});

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
  ...runtime,
});

const goDirectory = z.strictObject({
  kind: z.literal("goDirectory").describe("A command in a directory of yours that has a go.mod, cross-compiled."),
  directory: z.string().min(1).describe("Directory with the go.mod, against the project's directory."),
  package: z.string().default(".").describe("Directory of the command in the module."),
  ...goFlags,
  ...program,
  ...runtime,
});

const c = z.strictObject({
  kind: z.literal("c").describe("A program of one C file, linked statically."),
  source: z.string().min(1).describe("The C file, against the project's directory."),
  flags: z.array(z.string()).default([]).describe("Compiler flags besides `-Os -static`."),
  ...program,
  ...runtime,
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
  ...runtime,
});

/** How one image is made. */
export const imageConfig = z.discriminatedUnion("kind", [pause, goModule, goDirectory, c, files]);

/** The `images` section: images that are built for the board, by the name that the board asks for. */
export const imagesConfig = z
  .record(
    z.string().superRefine((name, context) => {
      try {
        parseImageReference(name);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
      }
    }),
    imageConfig,
  )
  .describe("Images that are built for the board, by the full name that its pods ask for.");

/** {@link imagesConfig} with defaults filled in. */
export type ImagesConfig = z.output<typeof imagesConfig>;

/** How an image is made; fields that the schema has defaults for may be left out. */
export type ImageSource = z.input<typeof imageConfig>;

/** {@link ImageSource} with defaults filled in. */
export type ResolvedImageSource = z.output<typeof imageConfig>;

/**
 * Fills in defaults and makes every path on this machine absolute.
 *
 * @param base - directory that relative paths start from. Defaults to the working directory.
 * @throws for fields that the schema refuses.
 */
export function resolveImageSource(input: ImageSource, base = process.cwd()): ResolvedImageSource {
  const source = imageConfig.parse(input);
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
      return source;
  }
}

/** What a source makes, for messages. */
export function describeSource(source: ImageSource): string {
  switch (source.kind) {
    case "pause":
      return "pause";
    case "goModule":
      return `${source.module} ${source.version}`;
    case "goDirectory":
      return source.directory;
    case "c":
      return source.source;
    case "files":
      return Object.keys(source.files).join(", ");
  }
}
