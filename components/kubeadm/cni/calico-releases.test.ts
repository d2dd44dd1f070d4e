import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  calicoGaps,
  calicoNotes,
  calicoProblems,
  calicoReleaseOf,
  calicoReleases,
  currentCalico,
} from "./calico-releases";

describe("calicoProblems", () => {
  it.each([
    ["v3.1.0", "amd64"],
    ["v3.2.8", "amd64"],
    ["v3.8.0", "arm64"],
    ["v3.20.5", "arm64"],
    ["v3.30.0", "arm64"],
    ["v3.99.0", "arm64"],
  ] as const)("lets %s onto %s", (version, arch) => {
    expect(calicoProblems(version, arch)).toEqual([]);
  });
  it.each(["v3.1.0", "v3.2.8", "v3.7.5"])(
    "keeps %s off arm64, and names one that has it and fits Kubernetes",
    (version) => {
      expect(calicoProblems(version, "arm64")).toEqual([
        expect.stringMatching(
          new RegExp(
            `^Calico ${version.replaceAll(".", "\\.")} has images for amd64 only \\(.+\\): take a current one, such as v3\\.28, or use kubeadm\\.cni\\.kind flannel`,
          ),
        ),
      ]);
    },
  );
  it.each(["v3.2.0", "v3.8.0", "v3.30.0", "v3.99.0"])("steers riscv64 from %s to flannel or bridge", (version) => {
    expect(calicoProblems(version, "riscv64")).toEqual([
      "Calico has no images for riscv64 in any release (projectcalico/calico#9852: its base image, Red Hat's UBI, is not made for it): " +
        "use kubeadm.cni.kind flannel, which is built here from its Go module, or bridge for a cluster of one node",
    ]);
  });
});

describe("calicoNotes", () => {
  it.each([
    ["v3.8.1", ["pod2daemon-flexvol"]],
    ["v3.12.2", []],
    ["v3.16.5", ["cni and kube-controllers"]],
    ["v3.20.4", []],
    ["v3.20.5", ["node"]],
    ["v3.21.1", ["apiserver"]],
    ["v3.22.0", []],
  ])("%s on arm64 has gaps in %j", (version, images) => {
    expect(calicoNotes(version, "arm64")).toHaveLength(images.length);
    for (const [index, image] of images.entries())
      expect(calicoNotes(version, "arm64")[index]).toContain(`Calico ${version}, ${image}: `);
  });
  it("has none for amd64", () => {
    expect(calicoNotes("v3.20.5", "amd64")).toEqual([]);
  });
});

it.each(["amd64", "arm64"] as const)("recommends a release that fits %s and has no gaps", (arch) => {
  expect(calicoReleaseOf(`${currentCalico}.0`)).toBeDefined();
  expect(calicoProblems(`${currentCalico}.0`, arch)).toEqual([]);
  expect(calicoNotes(`${currentCalico}.0`, arch)).toEqual([]);
});

it("has every minor version once", () => {
  const minors = calicoReleases.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
  expect(minors).toEqual(minors.map((_, at) => at));
  expect(calicoReleaseOf("v2.6.0")).toBeUndefined();
});

it("is in the documentation, with its sources", () => {
  const page = readFileSync(join(__dirname, "../../../docs/kubeadm-cni.md"), "utf8").replace(/\s+/g, " ");
  for (const { from, to, architectures } of calicoReleases)
    expect(page).toMatch(new RegExp(`\\| 3\\.${from} to 3\\.${to} +\\| ${architectures.join(", ")} +\\|`));
  for (const { from, image, what } of calicoGaps) for (const text of [from, image, what]) expect(page).toContain(text);
});
