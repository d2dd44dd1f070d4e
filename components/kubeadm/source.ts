import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

/** A file at an address. */
export const download = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Where it is downloaded from, once; it is kept by its checksum."),
  sha256: sha256.describe("Its checksum. What does not match is refused."),
});

const module = z.strictObject({
  kind: z
    .literal("module")
    .describe("Built here from its Go module for the board's platform, where upstream publishes none for it."),
});

const distributionPackage = z.strictObject({
  kind: z.literal("package").describe("A package of the board's distribution."),
  version: z.string().optional().describe("Version to pin the package to. Defaults to what the distribution has."),
});

/** Programs that come from addresses, one for each. */
function downloads<Name extends string>(...programs: readonly Name[]) {
  const one = (program: Name) => [program, download.describe(`Where ${program} is, with its checksum.`)] as const;
  return z.strictObject({
    kind: z
      .literal("url")
      .describe(
        "Downloaded, one address with its checksum for each program: the program itself, or a .tar.gz with a file of that name. Several programs may have the same archive.",
      ),
    ...(Object.fromEntries(programs.map(one)) as Record<Name, typeof download>),
  });
}

/** Where kubeadm, kubelet and kubectl come from. */
export const kubernetesSource = z.discriminatedUnion("kind", [
  module,
  downloads("kubeadm", "kubelet", "kubectl"),
  distributionPackage,
]);

/** Where containerd with its shim and `ctr` comes from. */
export const containerdSource = z.discriminatedUnion("kind", [
  module,
  downloads("containerd", "containerd-shim-runc-v2", "ctr"),
  distributionPackage,
]);

/** Where runc comes from. */
export const runcSource = z.discriminatedUnion("kind", [downloads("runc"), distributionPackage]);
