import { z } from "zod";
import { type FlagKind, k3sFlags } from "./flags";
import { nearest } from "./nearest";

/** Components that `--disable` of k3s takes. */
export const bundledComponents = [
  "coredns",
  "servicelb",
  "traefik",
  "local-storage",
  "metrics-server",
  "runtimes",
] as const;

/** One of {@link bundledComponents}. */
export type BundledComponent = (typeof bundledComponents)[number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

/** Where the k3s binary comes from. */
export const k3sSource = z.union([
  z.strictObject({ path: z.string().min(1).describe("A k3s binary on this machine; `~` is expanded.") }),
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe("Where the binary is downloaded from, once; it is kept by its checksum."),
    sha256: sha256.describe("Checksum of the binary. What does not match is refused."),
  }),
  z.strictObject({
    package: z
      .string()
      .min(1)
      .describe("Name of the distribution's package (`dnf install`, `apt-get install`), such as `k3s`."),
    version: z.string().optional().describe("Version to pin the package to. Defaults to what the distribution has."),
    binary: z.string().default("/usr/bin/k3s").describe("Where the package puts the binary."),
  }),
]);

/** Flags that this program sets itself, with the config path that is meant instead. */
const ownedFlags: Readonly<Record<string, string>> = {
  disable: "k3s.disable",
  "pause-image": "k3s.pauseImage",
  token: "k3s.token",
  "private-registry": "registry",
  "system-default-registry": "delivery",
};

function matches(kind: FlagKind, value: unknown): boolean {
  switch (kind) {
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
    case "list":
      return (
        ["string", "number"].includes(typeof value) ||
        (Array.isArray(value) && value.every((item) => typeof item === "string"))
      );
    case "string":
    case "duration":
      return typeof value === "string" || typeof value === "number";
  }
}

/** Keys of a k3s config file: flags without dashes in front, `key+` appends to a list. */
const extraConfig = z.record(z.string(), z.unknown()).superRefine((config, context) => {
  for (const [key, value] of Object.entries(config)) {
    const name = key.replace(/\+$/, "");
    const kind = k3sFlags.get(name);
    if (ownedFlags[name] !== undefined) {
      context.addIssue({ code: "custom", path: [key], message: `is set by this program: use ${ownedFlags[name]}` });
    } else if (kind === undefined) {
      const close = nearest(name, k3sFlags.keys());
      context.addIssue({
        code: "custom",
        path: [key],
        message: `k3s has no flag --${name}${close === undefined ? "" : `; did you mean ${close}?`}`,
      });
    } else if (!matches(kind, value)) {
      context.addIssue({ code: "custom", path: [key], message: `expected a ${kind}, got ${JSON.stringify(value)}` });
    } else if (key.endsWith("+") && kind !== "list") {
      context.addIssue({
        code: "custom",
        path: [key],
        message: `only list flags can be appended to; ${name} is a ${kind}`,
      });
    }
  }
});

/** The `k3s` section. */
export const k3sConfig = z.strictObject({
  version: z
    .string()
    .regex(/^v?\d+\.\d+\.\d+([+-].*)?$/, "expected a k3s version such as v1.36.3+k3s1")
    .describe("The k3s version that `source` is. Decides which system images are expected."),
  source: k3sSource.describe(
    "Where the binary comes from: `path`, `url` with `sha256`, or the distribution's `package`.",
  ),
  disable: z
    .array(z.enum(bundledComponents))
    .default([])
    .describe("Bundled components that k3s must not deploy (`--disable`)."),
  coredns: z
    .enum(["bundled", "custom"])
    .default("bundled")
    .describe(
      "`bundled`: k3s's own CoreDNS manifest with our image behind the mirror. `custom`: `--disable=coredns` and a manifest of ours " +
        "that brings NodeHosts, cluster DNS address and domain.",
    ),
  pauseImage: z
    .string()
    .optional()
    .describe("Image of the pod sandbox (`--pause-image`). Defaults to the one of the k3s version."),
  config: extraConfig.default({}).describe("Further keys of k3s's config file, checked against k3s's flags."),
  token: z
    .string()
    .min(1)
    .optional()
    .describe("Server token (a config secret). Defaults to one that k3s makes itself."),
  kubeconfigServer: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe("Address of the API server in the kubeconfig output. Defaults to https://<board.host>:6443."),
  startTimeoutSeconds: z
    .number()
    .int()
    .positive()
    .default(600)
    .describe("Seconds until a k3s that is not healthy after a restart is rolled back. A slow board needs minutes."),
  readyTimeoutSeconds: z
    .number()
    .int()
    .positive()
    .default(900)
    .describe("Seconds until node and system pods must be Ready."),
});

/** {@link k3sConfig} with defaults filled in. */
export type K3sConfig = z.output<typeof k3sConfig>;

/** What is disabled in all: the user's list, and CoreDNS where a manifest of ours takes its place. */
export function disabledComponents(config: Pick<K3sConfig, "disable" | "coredns">): BundledComponent[] {
  const disabled = new Set(config.disable);
  if (config.coredns === "custom") disabled.add("coredns");
  return [...disabled].sort();
}
