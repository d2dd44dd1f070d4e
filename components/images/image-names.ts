import { fullName, parseImageReference } from "./reference";
import { systemImageKeys, type SystemImageKey } from "./system-image-keys";
import { systemImageOf } from "./system-table";

/** System images by key, as some text has them: names with their tags. */
export type FoundNames = Partial<Record<SystemImageKey, string>>;

/** Longest name that {@link namesIn} finds, for readers that go through a file piece by piece. */
export const longestName = 256;

/** Tags of k3s's images: a version, and for klipper-helm a build date. In a Go program the next string begins right behind. */
const tag = String.raw`v?\d+(?:\.\d+)+(?:-build\d{8})?`;
const path = String.raw`[a-z0-9]+(?:[._/-][a-z0-9]+)*`;

/** Where manifests of k3s name an image: the registry's placeholder is in front, or YAML's key. */
const inManifest = new RegExp(String.raw`(?:%\{SYSTEM_DEFAULT_REGISTRY\}%|\bimage:\s*["']?)(${path}):(${tag})`, "g");
/** Traefik's chart gets repository and tag apart. */
const inChart = new RegExp(String.raw`repository:\s*["']?(${path})["']?\s+tag:\s*["']?(${tag})`, "g");
/** Names in Go code (`--pause-image`, service load balancer, Helm jobs). Kubernetes and containerd have pause images of their own in theirs. */
const inCode = new RegExp(String.raw`((?:rancher|carvicsforth)/[a-z0-9-]+):(${tag})`, "g");

/**
 * The images that a text names: a manifest, or what is readable of a program's bytes. Found are the images of k3s's own, under whatever name a
 * fork gave them.
 *
 * @param end - where the text would go on; a name that reaches until there may be longer and is left out. Defaults to nowhere.
 * @returns full names; every spelling once.
 */
export function namesIn(text: string, end = Infinity): string[] {
  const found = [inManifest, inChart, inCode].flatMap((pattern) =>
    [...text.matchAll(pattern)]
      .filter((match) => match.index + match[0].length < end)
      .map(([, repository, version]) => `${repository ?? ""}:${version ?? ""}`),
  );
  return [...new Set(found.map((name) => fullName(parseImageReference(name))))].filter(
    (name) => systemImageOf(name) !== undefined,
  );
}

/** The name of each system image among many; a system image with two names is left out, as nothing says which of them is asked for. */
export function systemNames(names: Iterable<string>): FoundNames {
  const all = [...new Set(names)];
  return Object.fromEntries(
    systemImageKeys.flatMap((key) => {
      const [only, second] = all.filter((name) => systemImageOf(name) === key);
      return only === undefined || second !== undefined ? [] : [[key, only]];
    }),
  );
}
