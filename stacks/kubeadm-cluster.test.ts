import { describe, expect, it } from "vitest";
import { bridgeConflist, bridgePath } from "../components/kubeadm/cni/bridge";
import { flannelPaths, flannelRoles } from "../components/kubeadm/cni/flannel";
import { networkManifestPath } from "../components/kubeadm/cni/network-manifest";
import { kubeletPaths } from "../components/kubeadm/kubelet";
import { runtimeSockets } from "../components/kubeadm/runtime/sockets";
import { initRecord, kubeadmPaths, manifestPath } from "../provider/kubeadm/phases";
import { boardHasFiles, boardSays, deployKubeadm, find, healthy, registered } from "./mocked-engine";

interface Made {
  podSubnet?: string;
  serviceSubnet?: string;
  dnsDomain?: string;
  name?: string;
  address?: string;
  endpoint?: string;
  runtime?: "containerd" | "cri-dockerd";
}

const configOf = ({
  podSubnet = "10.244.0.0/16",
  serviceSubnet = "10.96.0.0/12",
  dnsDomain = "cluster.local",
  name = "licheepi",
  address = "192.0.2.7",
  endpoint,
  runtime = "containerd",
}: Made) => `kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: ${address} }
nodeRegistration: { name: ${name}, criSocket: "${runtimeSockets[runtime]}" }
---
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
networking: { podSubnet: ${podSubnet}, serviceSubnet: ${serviceSubnet}, dnsDomain: ${dnsDomain} }
${endpoint === undefined ? "" : `controlPlaneEndpoint: ${endpoint}\n`}`;

const podsOf = ({
  podSubnet = "10.244.0.0/16",
  serviceSubnet = "10.96.0.0/12",
  dnsDomain = "cluster.local",
  name = "licheepi",
  address = "192.0.2.7",
  runtime = "containerd",
}: Made) => ({
  [manifestPath("kube-apiserver")]: `    - --advertise-address=${address}
    - --service-cluster-ip-range=${serviceSubnet}
    - --service-account-issuer=https://issuer.example
    image: 127.0.0.1:5000/kube-apiserver:v1.36.3
`,
  [manifestPath("kube-controller-manager")]: `    - --cluster-cidr=${podSubnet}\n`,
  [manifestPath("etcd")]: `    - --name=${name}\n`,
  [kubeletPaths.config]: `clusterDomain: ${dnsDomain}\ncontainerRuntimeEndpoint: ${runtimeSockets[runtime]}\n`,
});

/** A cluster of ours that was made like this. */
const cluster = (made: Made, record: Record<string, string> = { [initRecord]: "" }) => ({
  ...record,
  [kubeadmPaths.config]: configOf(made),
  ...podsOf(made),
});

describe("a kubeadm stack whose board has a cluster", () => {
  it("goes on with one that is like the configuration", async () => {
    boardHasFiles(cluster({}));
    await deployKubeadm();
    expect(find("kubeadm-control-plane")).toBeDefined();
  });

  const others: [string, Made, string][] = [
    [
      "other networks of pods",
      { podSubnet: "10.5.0.0/16" },
      "kubeadm.podSubnet: the cluster was made with 10.5.0.0/16",
    ],
    ["of services", { serviceSubnet: "10.5.0.0/16" }, "kubeadm.serviceSubnet: the cluster was made with 10.5.0.0/16"],
    ["another domain", { dnsDomain: "home.lan" }, "kubeadm.dnsDomain: the cluster was made with home.lan"],
    ["another name", { name: "old" }, "kubeadm.nodeName: the cluster was made with old"],
    ["another runtime", { runtime: "cri-dockerd" }, "kubeadm.runtime.kind: the cluster was made with cri-dockerd"],
    ["another address", { address: "192.0.2.9" }, "kubeadm.nodeAddress: the cluster was made with 192.0.2.9"],
  ];
  it.each(others)("refuses %s than it has before anything is registered", async (_what, made, reason) => {
    boardHasFiles(cluster(made));
    await expect(deployKubeadm()).rejects.toThrow(reason);
    expect(registered).toEqual([]);
  });
  it.each(others)("has %s mended where only a hand has written it into kubeadm's file", async (_what, made) => {
    boardHasFiles({ ...cluster({}), [kubeadmPaths.config]: configOf(made) });
    await deployKubeadm();
    expect(find("kubeadm-control-plane")).toBeDefined();
  });
  it.each(others)(
    "takes %s for an init that has not come to a running cluster, or is not ours",
    async (_what, made) => {
      const heldBack = manifestPath("kube-controller-manager");
      const begun = Object.entries(cluster(made)).filter(([path]) => path !== heldBack);
      for (const files of [Object.fromEntries(begun), cluster(made, {})]) {
        boardHasFiles(files);
        await deployKubeadm();
        expect(find("kubeadm-control-plane")).toBeDefined();
      }
    },
  );

  it.each(others)("refuses %s also where only kubeadm's file or only what runs tells", async (_what, made, reason) => {
    const running = Object.keys(podsOf({}));
    const silent = Object.fromEntries(running.map((path) => [path, "spec: {}\n"]));
    for (const unread of [silent, { [kubeadmPaths.config]: "half: [" }]) {
      boardHasFiles({ ...cluster(made), ...unread });
      await expect(deployKubeadm()).rejects.toThrow(reason);
    }
    expect(registered).toEqual([]);
  });

  describe("keeps its network", () => {
    const bridge = { [bridgePath]: bridgeConflist("10.244.0.0/16") };
    const roles = { [networkManifestPath]: flannelRoles() };
    const flannel = { [flannelPaths.conflist]: "{}", ...roles };

    it.each<[string, Record<string, string>, string]>([
      ["bridge", bridge, "flannel"],
      ["flannel", flannel, "bridge"],
      ["flannel", roles, "bridge"],
      ["calico", { [networkManifestPath]: "kind: DaemonSet\nmetadata: { name: calico-node }\n" }, "flannel"],
    ])("and having %s (%j) refuses %s, with the way out", async (there, files, kind) => {
      boardHasFiles({ ...cluster({}), ...files });
      await expect(deployKubeadm({ cni: { kind } })).rejects.toThrow(
        new RegExp(
          `kubeadm\\.cni\\.kind: the cluster was made with ${there}, .*: set it to ${there}, or destroy the stack and make it anew with ${kind}$`,
        ),
      );
      expect(registered).toEqual([]);
    });

    it.each<[string, Record<string, string>]>([
      ["bridge", bridge],
      ["flannel", flannel],
      ["flannel", {}],
    ])("and goes on with %s", async (kind, files) => {
      boardHasFiles({ ...cluster({}), ...files });
      await deployKubeadm({ cni: { kind } });
      expect(find("kubeadm-control-plane")).toBeDefined();
    });

    it("once it runs: an init that has not come to that is gone on with otherwise", async () => {
      const heldBack = manifestPath("kube-controller-manager");
      const begun = Object.entries({ ...cluster({}), ...bridge }).filter(([path]) => path !== heldBack);
      boardHasFiles(Object.fromEntries(begun));
      await deployKubeadm({ cni: { kind: "flannel" } });
      expect(find("kubeadm-control-plane")).toBeDefined();
    });
  });

  it("refuses a third one where a hand has written another one into kubeadm's file", async () => {
    boardHasFiles({ ...cluster({}), [kubeadmPaths.config]: configOf({ podSubnet: "10.5.0.0/16" }) });
    await expect(deployKubeadm({ podSubnet: "10.6.0.0/16" })).rejects.toThrow(
      /kubeadm\.podSubnet: the cluster was made with 10\.244\.0\.0\/16.* anew with 10\.6\.0\.0\/16/,
    );
  });

  it("says which address the cluster has where the board has got another one", async () => {
    boardHasFiles(cluster({}));
    boardSays({ ...healthy, address: "192.0.2.99" });
    await expect(deployKubeadm()).rejects.toThrow(
      /kubeadm\.nodeAddress: the cluster was made with 192\.0\.2\.7, and its certificates and kubeconfigs name it, and the board has to have it/,
    );
  });

  describe("keeps the endpoint that kubeconfigs name a name of the API server's", () => {
    const made = { endpoint: "api.example:6443" };

    it("and refuses another one, or none", async () => {
      boardHasFiles(cluster(made));
      for (const controlPlaneEndpoint of ["other.example", undefined])
        await expect(deployKubeadm(controlPlaneEndpoint === undefined ? {} : { controlPlaneEndpoint })).rejects.toThrow(
          /kubeadm\.controlPlaneEndpoint: kubeconfigs of the cluster name api\.example:6443: .* put api\.example into kubeadm\.certSANs/,
        );
      expect(registered).toEqual([]);
    });

    it("takes another one where the certificate has the former's name, and one where there was none", async () => {
      boardHasFiles(cluster(made));
      await deployKubeadm({ controlPlaneEndpoint: "other.example", certSANs: ["api.example"] });
      expect(find("kubeadm-control-plane")).toBeDefined();
      boardHasFiles(cluster({}));
      await deployKubeadm({ controlPlaneEndpoint: "other.example" });
    });
  });
});

it("a kubeadm stack tells of all its boards what keeps them from being nodes, before anything is registered", async () => {
  boardSays({ ...healthy, swapBytes: 1 }, { "w1.example": { hostPrograms: [], swapBytes: 0, address: "192.0.2.8" } });
  const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" };
  await expect(deployKubeadm({ cni: { kind: "flannel" } }, { agents: { w1 } })).rejects.toThrow(
    /board\.example is not a board for this stack:\n.*board\.prerequisites\.swap[^]*w1\.example is not .*\n.*flannel calls iptables/,
  );
  expect(registered).toEqual([]);
});
