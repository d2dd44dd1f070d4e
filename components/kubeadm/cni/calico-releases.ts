import type { Architecture } from "../../board/architecture";

/** Calico releases of the same minor versions, with the architectures that all of a cluster's images have. */
export interface CalicoReleases {
  /** First and last minor version of Calico 3. */
  readonly from: number;
  readonly to: number;
  readonly architectures: readonly Architecture[];
  /** Where that is written. */
  readonly source: string;
}

/**
 * What Calico's images are for, release by release: of the images of `calico.yaml` (node, cni, kube-controllers, and up to 3.2x
 * pod2daemon-flexvol). Versions that nobody wrote about have what their neighbours have in common.
 */
export const calicoReleases: readonly CalicoReleases[] = [
  {
    from: 0,
    to: 2,
    architectures: ["amd64"],
    source:
      "a report from Kunpeng servers of October 2019: the images of calico.yaml 3.1 and 3.2 hold x86_64 programs; projectcalico/calico#1179: no official arm64",
  },
  {
    from: 3,
    to: 7,
    architectures: ["amd64"],
    source:
      "projectcalico/node v3.2.2 begins with multi-arch manifests; no report of all images of a release for arm64",
  },
  {
    from: 8,
    to: 33,
    architectures: ["amd64", "arm64"],
    source: "the same report: 3.8 runs on Kunpeng; projectcalico/calico#3783: all images are for amd64 and arm64",
  },
];

/** An image of a release that is not what its release says. */
export interface CalicoGap {
  /** First and last version that is known to have it: `v3.8.0`. */
  readonly from: string;
  readonly to: string;
  readonly arch: Architecture;
  /** `pod2daemon-flexvol`. */
  readonly image: string;
  readonly what: string;
  readonly source: string;
}

/** Gaps that were found in releases with arm64, the last of them in 2022. The audit of the images finds the like of them by itself. */
export const calicoGaps: readonly CalicoGap[] = [
  {
    from: "v3.8.0",
    to: "v3.12.1",
    arch: "arm64",
    image: "pod2daemon-flexvol",
    what: "its arm64 image holds an x86_64 flexvol",
    source: "projectcalico/pod2daemon#17, labring/sealos#625 (right from v3.12.2 on), the report from Kunpeng servers",
  },
  {
    from: "v3.16.5",
    to: "v3.17.1",
    arch: "arm64",
    image: "cni and kube-controllers",
    what: "at quay.io the tags with -arm64 hold amd64 images",
    source: "projectcalico/calico#4256, #5219",
  },
  {
    from: "v3.20.5",
    to: "v3.20.5",
    arch: "arm64",
    image: "node",
    what: "the tag has an amd64 image only: its multi-arch manifest was not pushed",
    source: "projectcalico/calico#5963 (April 2022)",
  },
  {
    from: "v3.21.0",
    to: "v3.21.6",
    arch: "arm64",
    image: "apiserver",
    what: "it is built for amd64 only; calico.yaml does not use it, the operator does",
    source: "projectcalico/calico#5148, #5222, #5386 (January 2022)",
  },
];

/** Why there is no Calico for riscv64. */
const riscv64Source = "projectcalico/calico#9852: its base image, Red Hat's UBI, is not made for it";

/** A release whose manifest has only what supported versions of Kubernetes have, with images for amd64 and arm64. */
export const currentCalico = "v3.28";

/** What to take instead of Calico. */
export const otherNetworks =
  "use kubeadm.cni.kind flannel, which is built here from its Go module, or bridge for a cluster of one node";

function numbersOf(version: string): readonly number[] {
  return version.replace(/^v/, "").split(".").map(Number);
}

function isBetween(version: string, from: string, to: string): boolean {
  const order = (a: string, b: string) =>
    numbersOf(a)
      .map((number, index) => number - (numbersOf(b)[index] ?? 0))
      .find((difference) => difference !== 0) ?? 0;
  return order(version, from) >= 0 && order(version, to) <= 0;
}

/** The releases that a version belongs to; `undefined` for one that is newer than this program, whose images the audit judges. */
export function calicoReleaseOf(version: string): CalicoReleases | undefined {
  const [major = 0, minor = 0] = numbersOf(version);
  return major === 3 ? calicoReleases.find(({ from, to }) => minor >= from && minor <= to) : undefined;
}

/** Why a Calico release cannot run on an architecture, with what to take instead. Empty where nothing speaks against it. */
export function calicoProblems(version: string, arch: Architecture): string[] {
  if (arch === "riscv64")
    return [`Calico has no images for riscv64 in any release (${riscv64Source}): ${otherNetworks}`];
  const release = calicoReleaseOf(version);
  if (release === undefined || release.architectures.includes(arch)) return [];
  // the first that has the architecture would be too old: its manifest has APIs that Kubernetes has no more
  const instead = `take a current one, such as ${currentCalico}, or ${otherNetworks}`;
  return [
    `Calico ${version} has images for ${release.architectures.join(" and ")} only (${release.source}): ${instead}`,
  ];
}

/** What is known to be wrong with images of a release for an architecture; the audit tells whether it is so in the registry that is asked. */
export function calicoNotes(version: string, arch: Architecture): string[] {
  return calicoGaps
    .filter((gap) => gap.arch === arch && isBetween(version, gap.from, gap.to))
    .map(({ image, what, source }) => `Calico ${version}, ${image}: ${what} (${source})`);
}
