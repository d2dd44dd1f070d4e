import { loadAll, YAML11_SCHEMA } from "js-yaml";
import { flagNameOf } from "./keys";

/** A configuration file on the board. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Where a value comes from. Lines count from 1. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number }
  | { readonly kind: "argument" };

/** One key of a file, or one flag of a command line, in the order k3s comes upon them. */
export interface Occurrence {
  /** As written, without dashes and `+`: a full name or a short form. */
  readonly name: string;
  readonly values: readonly string[];
  /** Whether it was written as a list or with `+`. */
  readonly appends: boolean;
  readonly from: Origin;
}

/** An origin in words: `/etc/rancher/k3s/config.yaml:3`. */
export function originText(from: Origin): string {
  switch (from.kind) {
    case "default":
      return "k3s's default";
    case "environment":
      return `the environment variable ${from.variable}`;
    case "file":
      return `${from.path}:${from.line}`;
    case "argument":
      return "the command line";
  }
}

/** Where k3s looks for its configuration when nothing says otherwise. */
export const defaultConfigPath = "/etc/rancher/k3s/config.yaml";

/**
 * The configuration file that k3s reads: of the environment, else of the first `--config` or `-c` on the command line, else the default
 * (`findConfigFileFlag` in pkg/configfilearg/parser.go).
 */
export function configPath(args: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const fromEnvironment = environment.K3S_CONFIG_FILE;
  if (fromEnvironment !== undefined && fromEnvironment !== "") return fromEnvironment;
  for (const [index, arg] of args.entries()) {
    const value = /^(?:--config|-c)(?:=(.*))?$/.exec(arg);
    if (value !== null) return value[1] ?? args[index + 1] ?? "";
  }
  return defaultConfigPath;
}

function byName(a: ConfigFile, b: ConfigFile): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}

/**
 * The files that k3s reads, in its order: the configuration file, then `.yaml` and `.yml` of the directory beside it that is named after it,
 * by name, whatever the case of the suffix; nothing below that directory's own directories (`dotDFiles` in parser.go).
 *
 * @param files - what there is, in any order; what k3s does not read is left out.
 */
export function filesInOrder(path: string, files: readonly ConfigFile[]): ConfigFile[] {
  const directory = `${path}.d/`;
  const dropIns = files.filter(
    (file) =>
      file.path.startsWith(directory) &&
      !file.path.slice(directory.length).includes("/") &&
      /\.ya?ml$/i.test(file.path),
  );
  return [...files.filter((file) => file.path === path), ...dropIns.sort(byName)];
}

/** `ToString` of pkg/configfilearg/convert.go: the first of a list, nothing for null. */
function textOf(value: unknown): string {
  const single: unknown = Array.isArray(value) ? value[0] : value;
  if (single === null || single === undefined) return "";
  if (typeof single === "string") return single.trim();
  if (typeof single === "number" || typeof single === "boolean" || typeof single === "bigint") return String(single);
  return JSON.stringify(single);
}

/** A configuration file that is no YAML or no map of keys. */
export class UnreadableConfig extends Error {
  override readonly name = "UnreadableConfig";
}

function lineOf(lines: readonly string[], key: string): number {
  const starts = [key, `"${key}"`, `'${key}'`].map((start) => `${start}:`);
  return lines.findIndex((line) => starts.some((start) => line.replace(/\s+:/, ":").startsWith(start))) + 1 || 1;
}

/**
 * The keys of a file in their order. It is YAML 1.1, as go-yaml v2 reads it: `yes` is true, and an unquoted 0644 is 420.
 *
 * @throws UnreadableConfig, with the path and not with what is in the file, which may be secret. k3s does not start with such a file.
 */
export function fileOccurrences({ path, text }: ConfigFile): Occurrence[] {
  const lines = text.split("\n");
  let content: unknown;
  try {
    // of several documents k3s reads the first; a file with none, a comment for example, is fine
    [content] = loadAll(text, { schema: YAML11_SCHEMA, json: true });
  } catch {
    throw new UnreadableConfig(`${path} is no YAML: k3s does not start with it`);
  }
  if (content === null || content === undefined) return [];
  if (typeof content !== "object" || Array.isArray(content)) {
    throw new UnreadableConfig(`${path} is no map of keys: k3s does not start with it`);
  }
  return Object.entries(content).map(([key, value]) => ({
    name: flagNameOf(key),
    values: Array.isArray(value) ? value.map(textOf) : [textOf(value)],
    appends: key.endsWith("+"),
    from: { kind: "file", path, line: lineOf(lines, key) },
  }));
}

/**
 * The flags of a command line behind `server` or `agent`, as Go's flag package reads them: one dash or two, the value behind `=` or in the
 * next argument, none for a boolean. Reading stops at the first argument that is no flag.
 *
 * @param isBoolean - whether a flag of that name takes no value of its own.
 */
export function argumentOccurrences(args: readonly string[], isBoolean: (name: string) => boolean): Occurrence[] {
  const found: Occurrence[] = [];
  const from = { kind: "argument" } as const;
  for (let index = 0; index < args.length; index++) {
    const flag = /^--?([^=-][^=]*)(?:=([^]*))?$/.exec(args[index] ?? "");
    if (flag === null) break;
    const [, name = "", value] = flag;
    const given = value ?? (isBoolean(name) ? "true" : args[++index]);
    if (given === undefined) break;
    found.push({ name, values: [given], appends: true, from });
  }
  return found;
}
