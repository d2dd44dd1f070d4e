import { describe, expect, it } from "vitest";
import { diagnose } from "../diagnose";
import type { Facts } from "../facts";
import { healthy, unitOf } from "../fixtures/healthy";
import { healthyKubeadm } from "../fixtures/kubeadm";

const sentences = (facts: Facts) => diagnose(facts).map(({ sentence }) => sentence);

/** An agent of a server's that started kube-proxy so. */
function agent(kubeProxy: string | undefined): Facts {
  const { nodes: _nodes, pods: _pods, events: _events, ...board } = healthy();
  const said = (text: string) =>
    `2026-11-21T08:00:00+0000 board k3s[1]: time="2026-11-21T08:00:00Z" level=info msg="${text}"`;
  return {
    ...board,
    units: [unitOf({ name: "k3s-agent.service", command: ["/usr/local/bin/k3s", "agent"] })],
    k3s: { version: "v1.36.3+k3s1", role: "agent", files: [], containerdFiles: [], dataFiles: [] },
    journal: {
      "k3s-agent": [
        said("Running kube-proxy --cluster-cidr=10.9.0.0/16 --proxy-mode=iptables"),
        said("Starting k3s agent v1.36.3+k3s1 (abc)"),
        ...(kubeProxy === undefined ? [] : [said(`Running kube-proxy ${kubeProxy}`)]),
      ],
    },
  };
}

describe("firewalld", () => {
  const security = { selinuxEnforcing: false, selinuxPolicy: false, firewalld: true, trustedSources: ["10.42.0.0/16"] };
  const distrusted = (network: string) => `firewalld runs and does not trust the pods' network ${network}`;

  it("is well where it trusts the pods", () => expect(sentences({ ...healthy(), security })).toEqual([]));
  it("is asked for each network of the cluster", () => {
    const units = [unitOf({ command: ["/usr/local/bin/k3s", "server", "--cluster-cidr=10.42.0.0/16,fd00:42::/56"] })];
    expect(sentences({ ...healthy(), security, units })).toEqual([distrusted("fd00:42::/56")]);
  });
  it("is asked for the network of kubeadm's cluster, where the board tells it", () => {
    const { kubeadm, ...board } = healthyKubeadm();
    expect(sentences({ ...board, kubeadm: kubeadm!, security })).toEqual([]);
    const podSubnets = ["10.244.0.0/16"];
    expect(sentences({ ...board, kubeadm: { ...kubeadm!, podSubnets }, security })).toEqual([
      distrusted("10.244.0.0/16"),
    ]);
  });
  it("is asked on an agent for the network that its server gave it", () => {
    expect(sentences({ ...agent("--cluster-cidr=10.42.0.0/16 --proxy-mode=iptables"), security })).toEqual([]);
    expect(sentences({ ...agent("--cluster-cidr=10.7.0.0/16 --proxy-mode=iptables"), security })).toEqual([
      distrusted("10.7.0.0/16"),
    ]);
    expect(sentences({ ...agent(undefined), security })).toEqual([]);
  });
});

describe("kube-proxy's rules on an agent", () => {
  const iptables = { chains: ["INPUT"], rules: [] };
  const ids = (facts: Facts) => diagnose(facts).map(({ id }) => id);

  it("are missed where its server gave it a kube-proxy", () =>
    expect(ids({ ...agent("--cluster-cidr=10.42.0.0/16"), iptables })).toEqual(["kube-proxy-rules-missing"]));
  it("are not missed in a cluster without kube-proxy, which the agent's own configuration does not tell", () =>
    expect(ids({ ...agent(undefined), iptables })).toEqual([]));
});
