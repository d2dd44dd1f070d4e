import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { isAtLeast } from "../../tools/versions";
import { bundledComponents, type BundledComponent } from "../k3s/config";
import { imageConfig, isBuild, resolveBuild, type ImageConfig } from "./config";
import { parseImageReference } from "./reference";
import { systemImageKeys, type SystemImageKey } from "./system-image-keys";

const tag = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
const version = z.string().regex(/^\d+\.\d+(\.\d+)?$/);

/** One way to have an image; `{tag}` and `{version}` (the tag without `v`) stand for those of the release. */
const alternative = z.looseObject({ kind: z.string(), from: version.optional(), olderThan: version.optional() });

const image = z.strictObject({
  name: z.string(),
  component: z.enum(bundledComponents).optional(),
  pattern: z.string().transform((text) => new RegExp(`^${text}$`)),
  alternatives: z.array(alternative).default([]),
});

const tags = z.record(z.enum(systemImageKeys), tag);

const release = z.strictObject({
  newest: z.number().int(),
  tags,
  changes: z.record(z.string().regex(/^\d+$/), z.partialRecord(z.enum(systemImageKeys), tag)).default({}),
});

const table = z.strictObject({
  images: z.record(z.enum(systemImageKeys), image),
  releases: z.record(z.string().regex(/^\d+\.\d+$/), release),
});

type Table = z.output<typeof table>;

let parsed: Table | undefined;

/** `system-images.yaml`, read once. */
function systemTable(): Table {
  parsed ??= table.parse(load(readFileSync(join(__dirname, "system-images.yaml"), "utf8")));
  return parsed;
}

/** The k3s release lines that the table has, such as `1.36`. */
export function releaseLines(): string[] {
  return Object.keys(systemTable().releases);
}

/** What the table says about a k3s version. */
export interface TableNames {
  /** Full names by key. */
  readonly names: Readonly<Record<SystemImageKey, string>>;
  /** Set for a patch release that is newer than what was read: the names are those of this one. */
  readonly asOf?: string;
}

/** The names of the images that a k3s version asks for; `undefined` for a release line that the table does not have. */
export function tableNames(k3sVersion: string): TableNames | undefined {
  const match = /^v?(\d+\.\d+)\.(\d+)/.exec(k3sVersion);
  const { images, releases } = systemTable();
  const line = match?.[1] === undefined ? undefined : releases[match[1]];
  if (match?.[1] === undefined || line === undefined) return undefined;
  const patch = Number(match[2]);
  const applied = Object.entries(line.changes)
    .sort(([a], [b]) => Number(a) - Number(b))
    .filter(([since]) => Number(since) <= patch);
  const all = Object.assign({}, line.tags, ...applied.map(([, changed]) => changed)) as Record<SystemImageKey, string>;
  const names = Object.fromEntries(systemImageKeys.map((key) => [key, `${images[key].name}:${all[key]}`]));
  return {
    names: names as Record<SystemImageKey, string>,
    ...(patch > line.newest ? { asOf: `v${match[1]}.${line.newest}` } : {}),
  };
}

/** The component of k3s that an image belongs to; `undefined` for the pause image, which every pod needs. */
export function componentOf(key: SystemImageKey): BundledComponent | undefined {
  return systemTable().images[key].component;
}

/** Which system image a name is of, whoever publishes it: `docker.io/carvicsforth/coredns` and `coredns/coredns` are both CoreDNS. */
export function systemImageOf(name: string): SystemImageKey | undefined {
  const last = parseImageReference(name).repository.split("/").at(-1) ?? "";
  return systemImageKeys.find((key) => systemTable().images[key].pattern.test(last));
}

/**
 * The ways to have a system image where upstream does not have it for the board, best first, for the tag of its name.
 *
 * @param name - full name as k3s asks for it.
 */
export function alternativesFor(key: SystemImageKey, name: string): ImageConfig[] {
  const { tag: ofName } = parseImageReference(name);
  const number = ofName.replace(/^v/, "");
  return systemTable().images[key].alternatives.flatMap(({ from, olderThan, ...way }) => {
    if (from !== undefined && !isAtLeast(number, from)) return [];
    if (olderThan !== undefined && isAtLeast(number, olderThan)) return [];
    const config = imageConfig.parse(filled(way, { tag: ofName, version: number }));
    return [isBuild(config) ? resolveBuild(config, __dirname) : config];
  });
}

/** Puts values in place of `{name}` in every text of a value. */
function filled(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") return value.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, values)]));
}
