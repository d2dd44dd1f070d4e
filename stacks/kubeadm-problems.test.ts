import { describe, expect, it } from "vitest";
import { ConfigError, parseStackConfig } from "./config";
import { good } from "./mocked-engine";

function problemsOf(kubeadm: object, more: object = {}): Record<string, string> {
  const { board } = good;
  try {
    parseStackConfig({ board, kubeadm: { version: "v1.36.3", ...kubeadm }, ...more });
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map(({ path, reason }) => [path, reason]));
    throw error;
  }
  return {};
}

describe("what kubeadm of a version cannot be told", () => {
  const given = (version: string, encryptionAlgorithm: string) => {
    const one = { url: "https://dl.example/program", sha256: "0".repeat(64) };
    const source = { kind: "url", kubeadm: one, kubelet: one, kubectl: one };
    return problemsOf({ version, source, encryptionAlgorithm })["kubeadm.encryptionAlgorithm"];
  };

  it.each([
    ["v1.31.14", "ECDSA-P256"],
    ["v1.33.11", "RSA-4096"],
    ["v1.34.0", "ECDSA-P384"],
  ])("%s takes %s", (version, algorithm) => expect(given(version, algorithm)).toBeUndefined());
  it.each(["v1.31.14", "v1.33.11"])("%s knows no ECDSA-P384", (version) =>
    expect(given(version, "ECDSA-P384")).toMatch(/knows no ECDSA-P384: it came with 1\.34/),
  );
});

describe("settings that are said elsewhere, or where others look", () => {
  it("are named, each with what to do", () => {
    const problems = problemsOf({
      apiServerArgs: { "service-cluster-ip-range": "10.0.0.0/16", v: "2" },
      etcdArgs: { "data-dir": "/mnt/etcd", name: "default", "quota-backend-bytes": "1" },
      kubelet: { staticPodPath: "/etc/pods", maxPods: 30 },
      kubeProxy: { clusterCIDR: "10.0.0.0/16", mode: "nftables" },
    });
    expect(problems).toEqual({
      "kubeadm.apiServerArgs.service-cluster-ip-range": expect.stringMatching(
        /kubeadm\.serviceSubnet.*: set that/,
      ) as string,
      "kubeadm.etcdArgs.data-dir": "is /var/lib/etcd, where kubeadm reset looks: leave it out",
      "kubeadm.etcdArgs.name": "is the name of the node, by which kubeadm knows the member: leave it out",
      "kubeadm.kubeProxy.clusterCIDR": expect.stringMatching(/kubeadm\.podSubnet.*: set that/) as string,
      "kubeadm.kubelet.staticPodPath": "is /etc/kubernetes/manifests, where kubeadm looks: leave it out",
    });
  });

  it("are not every key that an object has", () => expect(problemsOf({ kubelet: { constructor: 1 } })).toEqual({}));
});

describe("ipvs", () => {
  const ipvs = { kubeProxy: { mode: "ipvs" } };
  const refused = { "kubeadm.kubeProxy.mode": expect.stringMatching(/choose iptables or nftables/) as string };

  it.each([
    ["by itself", {}],
    ["where upstream is mirrored", { imageRepository: "registry.k8s.io" }],
    ["where the private registry is named", { imageRepository: "127.0.0.1:5000" }],
  ])("is not taken where the image of kube-proxy is built without ipset: %s", (_title, section) =>
    expect(problemsOf({ ...ipvs, ...section })).toEqual(refused),
  );

  it("is taken where the image comes from elsewhere", () => {
    const images = { "registry.k8s.io/kube-proxy:v1.36.3": { kind: "alias", of: "registry.example/kube-proxy:v1" } };
    expect(problemsOf({ ...ipvs, imageRepository: "registry.example/k8s" })).toEqual({});
    expect(problemsOf(ipvs, { images })).toEqual({});
    expect(problemsOf(ipvs, { board: { ...good.board, arch: "arm64" } })).toEqual({});
    expect(problemsOf({ kubeProxy: { mode: "nftables" } })).toEqual({});
  });
});

it("knows Kubernetes 1 only", () => {
  expect(problemsOf({ version: "v2.0.0" })).toEqual({
    "kubeadm.version": expect.stringMatching(/such as v1/) as string,
  });
});

describe("names for the API server's certificate", () => {
  it("are those that kubeadm takes, the board's own among them", () => {
    const withHost = (host: string) => problemsOf({}, { board: { ...good.board, host } });
    expect(withHost("Board.example")).toEqual({});
    expect(withHost("my_board")).toEqual({
      "board.host": expect.stringMatching(/^my_board cannot be in the API server's certificate/) as string,
    });
    expect(problemsOf({ kubeconfigServer: "https://my_board:6443" })).toEqual({
      "kubeadm.kubeconfigServer": expect.stringMatching(/^my_board cannot be/) as string,
    });
  });
});

it("wants an IPv4 address of a worker too, as the networks are", () => {
  const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB", nodeAddress: "2001:db8::8" };
  expect(problemsOf({ cni: { kind: "flannel" } }, { agents: { w1 } })).toEqual({
    "agents.w1.nodeAddress": "expected an IPv4 address, as kubeadm.podSubnet is IPv4",
  });
});
