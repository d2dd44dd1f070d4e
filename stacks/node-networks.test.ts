import { describe, expect, it } from "vitest";
import { nodesInNetworks } from "./node-networks";

describe("nodesInNetworks", () => {
  const networks = [
    { path: "kubeadm.podSubnet", network: "10.244.0.0/16" },
    { path: "kubeadm.serviceSubnet", network: "10.96.0.0/12" },
    { path: "k3s.config.cluster-cidr", network: "fd00:42::/56" },
  ];
  const of = (address: string) => nodesInNetworks(networks, [{ name: "w1", address, path: "agents.w1.nodeAddress" }]);

  it.each(["192.0.2.7", "10.243.255.255", "10.245.0.0", "10.112.0.0", "", "2001:db8::8"])("takes '%s'", (address) =>
    expect(of(address)).toEqual([]),
  );
  it.each([
    ["10.244.0.0", "kubeadm.podSubnet"],
    ["10.244.255.255", "kubeadm.podSubnet"],
    ["10.96.0.1", "kubeadm.serviceSubnet"],
    ["10.111.255.255", "kubeadm.serviceSubnet"],
    ["fd00:42::8", "k3s.config.cluster-cidr"],
  ])("refuses %s, which is in %s", (address, path) =>
    expect(of(address)).toEqual([
      { path, reason: expect.stringContaining(`the address ${address} of node w1 (agents.w1.nodeAddress)`) as string },
    ]),
  );
});
