import { describe, expect, it } from "vitest";
import { kubeadmConfig } from "./config";
import { networkProblems } from "./networks";

const problems = (section: object) =>
  networkProblems(kubeadmConfig.parse({ version: "v1.36.3", ...section })).map(
    ({ path, reason }) => `${path}: ${reason}`,
  );

describe("networkProblems", () => {
  it.each<[string, object]>([
    ["the usual ones", {}],
    ["the largest for services", { serviceSubnet: "10.96.0.0/12" }],
    ["the smallest for services", { serviceSubnet: "10.96.0.0/28" }],
    ["the largest for pods", { podSubnet: "11.0.0.0/8" }],
    ["the smallest for pods", { podSubnet: "10.244.0.0/24" }],
    [
      "another size of a node's part",
      { podSubnet: "10.244.0.0/26", controllerManagerArgs: { "node-cidr-mask-size-ipv4": "26" } },
    ],
    [
      "pods whose nodes get no part",
      { podSubnet: "10.244.0.0/28", controllerManagerArgs: { "allocate-node-cidrs": "false" } },
    ],
  ])("takes %s", (_title, section) => expect(problems(section)).toEqual([]));

  it.each<[string, object, RegExp]>([
    ["no first address", { serviceSubnet: "10.96.1.0/12" }, /^kubeadm\.serviceSubnet: .*first address/],
    ["networks that overlap", { podSubnet: "10.100.0.0/16" }, /^kubeadm\.podSubnet: .*overlaps serviceSubnet/],
    [
      "services without the tenth address",
      { serviceSubnet: "10.96.0.0/29" },
      /^kubeadm\.serviceSubnet: .* \/12 to \/28/,
    ],
    ["too many services", { serviceSubnet: "11.0.0.0/8" }, /^kubeadm\.serviceSubnet: .* \/12 to \/28/],
    ["less pods than a node's part", { podSubnet: "10.244.0.0/25" }, /^kubeadm\.podSubnet: .* \/8 to \/24/],
    ["too many nodes", { podSubnet: "8.0.0.0/7" }, /^kubeadm\.podSubnet: .* \/8 to \/24/],
    [
      "a part of a node's own size",
      { controllerManagerArgs: { "node-cidr-mask-size-ipv4": "15" } },
      /^kubeadm\.podSubnet: .* \/0 to \/15: .*node-cidr-mask-size-ipv4/,
    ],
    [
      "a part of a node that is no size",
      { controllerManagerArgs: { "node-cidr-mask-size-ipv4": "/24" } },
      /^kubeadm\.controllerManagerArgs\.node-cidr-mask-size-ipv4: '\/24' is no prefix length/,
    ],
    [
      "flannel whose nodes get no part",
      { cni: { kind: "flannel" }, controllerManagerArgs: { "allocate-node-cidrs": "False" } },
      /^kubeadm\.controllerManagerArgs\.allocate-node-cidrs: flannel makes .*: leave it out/,
    ],
    [
      "too few pods in all",
      { podSubnet: "10.244.0.0/29", controllerManagerArgs: { "allocate-node-cidrs": "false" } },
      /^kubeadm\.podSubnet: .* \/0 to \/28/,
    ],
  ])("refuses %s", (_title, section, reason) => expect(problems(section)).toEqual([expect.stringMatching(reason)]));
});
