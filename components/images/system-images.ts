import { disabledComponents, type K3sConfig } from "../k3s/config";
import type { ImageConfig, ImagesConfig } from "./config";
import { fullName, parseImageReference } from "./reference";
import { systemImageKeys, type SystemImageKey } from "./system-image-keys";
import { alternativesFor, componentOf, releaseLines, tableNames } from "./system-table";

/** An image that k3s asks for by itself. */
export interface SystemImage {
  readonly key: SystemImageKey;
  /** Full name. */
  readonly name: string;
  /** Where the name is from: "the configuration", "the k3s binary", "the table for v1.36.3". */
  readonly source: string;
  /** Ways to have it where upstream does not have it for the board, best first. */
  readonly alternatives: readonly ImageConfig[];
}

/** What decides which system images a stack needs. */
export interface SystemImagesArgs {
  readonly k3s: Pick<K3sConfig, "version" | "disable" | "coredns" | "pauseImage">;
  readonly images: ImagesConfig;
  /** Names that the k3s binary has, and what they were read from. */
  readonly found?: { readonly names: Partial<Readonly<Record<SystemImageKey, string>>>; readonly where: string };
}

/** The outcome of {@link systemImages}. */
export interface SystemImages {
  readonly images: readonly SystemImage[];
  /** Keys of images whose names nothing says. */
  readonly unknown: readonly SystemImageKey[];
  /** What a user should know, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * The images that k3s will ask for: pause always, others where their component is enabled. Names come from the configuration, else from the
 * binary (forks rename images), else from the table.
 */
export function systemImages({ k3s, images, found }: SystemImagesArgs): SystemImages {
  const table = tableNames(k3s.version);
  const own = configuredNames(k3s, images);
  const wanted = wantedKeys(k3s);
  const result: SystemImage[] = [];
  const fromTable: SystemImageKey[] = [];
  for (const key of wanted) {
    const candidates: [string | undefined, string][] = [
      [own[key], "the configuration"],
      [found?.names[key], found?.where ?? ""],
      [table?.names[key], `the table for ${table?.asOf ?? k3s.version}`],
    ];
    const [name, source] = candidates.find(([candidate]) => candidate !== undefined) ?? [undefined, ""];
    if (name === undefined) continue;
    if (name === table?.names[key] && own[key] === undefined && found?.names[key] === undefined) fromTable.push(key);
    const full = fullName(parseImageReference(name));
    result.push({ key, name: full, source, alternatives: alternativesFor(key, full) });
  }
  const warnings =
    table?.asOf !== undefined && fromTable.length > 0
      ? [
          `the image names of k3s ${k3s.version} are not known; those of ${table.asOf} are taken for ${fromTable.join(", ")}. ` +
            "If the cluster asks for others, name them in the configuration (`images`, with `system`)",
        ]
      : [];
  return { images: result, unknown: wanted.filter((key) => !result.some((image) => image.key === key)), warnings };
}

/** What to say about images whose names nothing says, as problems of the configuration: which key, and what it must have. */
export function unknownNames(version: string, unknown: readonly SystemImageKey[]): { path: string; reason: string }[] {
  const known = releaseLines();
  const why = `k3s ${version} is not among the known releases (${known[0] ?? ""} to ${known.at(-1) ?? ""})`;
  return unknown.map((key) =>
    key === "pause"
      ? { path: "k3s.pauseImage", reason: `must be set: ${why}` }
      : {
          path: "images",
          reason: `must have the image that k3s asks for, with \`system: ${key}\`, or k3s.disable its component ${componentOf(key) ?? ""}: ${why}`,
        },
  );
}

function wantedKeys(k3s: SystemImagesArgs["k3s"]): SystemImageKey[] {
  const disabled = disabledComponents(k3s);
  return systemImageKeys.filter((key) => {
    const component = componentOf(key);
    // CoreDNS with a manifest of ours is disabled as a component and wanted as an image
    if (key === "coredns" && k3s.coredns === "custom") return true;
    return component === undefined || !disabled.includes(component);
  });
}

function configuredNames(
  { pauseImage }: SystemImagesArgs["k3s"],
  images: ImagesConfig,
): Partial<Record<SystemImageKey, string>> {
  const named: Partial<Record<SystemImageKey, string>> = {};
  for (const [name, { system }] of Object.entries(images)) if (system !== undefined) named[system] = name;
  return { ...named, ...(pauseImage === undefined ? {} : { pause: pauseImage }) };
}
