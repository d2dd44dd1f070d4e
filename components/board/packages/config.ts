import { z } from "zod";

const mirrorUrl = z
  .url({ protocol: /^https?$/ })
  .regex(/^[^\s"'\\]+$/, "expected a URL without blanks, quotes and backslashes");

/** One OpenPGP public key in its armor, or several. */
export const armoredKeys = /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n[^]*-----END PGP PUBLIC KEY BLOCK-----\s*$/;

const armoredKey = z
  .string()
  .regex(armoredKeys, "expected an armored public key (-----BEGIN PGP PUBLIC KEY BLOCK-----)");

const word = z.string().regex(/^[A-Za-z0-9./][A-Za-z0-9._/~:+-]*$/, "expected one word");

/** Where a mirror's key is. */
const key = z.union([
  z.strictObject({ path: z.string().min(1).describe("File with the armored key on this machine; `~` is expanded.") }),
  z.strictObject({ text: armoredKey.describe("The armored key itself.") }),
]);

const common = {
  key: key.describe(
    "Public key that the packages, or the lists of packages, are signed with: a file on this machine (`path`) or the key itself (`text`). Packages " +
      "without its signature are not installed.",
  ),
};

/** One entry of `board.packageMirrors`. */
const packageMirror = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("apt")
      .describe("A mirror for apt: `/etc/apt/sources.list.d/k3s-board-<name>.sources`, with `Signed-By`."),
    url: mirrorUrl.describe("Where the mirror's `dists` is: `https://mirror.lan/debian`."),
    suites: z
      .array(word)
      .min(1)
      .describe("Suites: `trixie`, `trixie-updates`; or a path that ends in `/`, without components."),
    components: z.array(word).default(["main"]).describe("Components. Not written for a suite that ends in `/`."),
    architectures: z
      .array(word)
      .default([])
      .describe("Architectures in the words of Debian. Defaults to the board's own."),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("dnf").describe("A mirror for dnf: `/etc/yum.repos.d/k3s-board-<name>.repo`, with `gpgcheck=1`."),
    url: mirrorUrl.describe("Where the mirror's `repodata` is. `$basearch` and `$releasever` stand for the board's."),
    priority: z.number().int().min(1).max(99).default(99).describe("A lower number goes before others."),
    ...common,
  }),
]);

/** The `board.packageMirrors` section. */
export const packageMirrorsConfig = z.record(
  z.string().regex(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/, "expected lower-case letters, digits and dashes"),
  packageMirror,
);

/** {@link packageMirrorsConfig} with defaults filled in. */
export type PackageMirrorsConfig = z.output<typeof packageMirrorsConfig>;
