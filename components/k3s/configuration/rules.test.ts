import { dump } from "js-yaml";
import { describe, expect, it } from "vitest";
import { effectiveConfiguration } from "./effective";
import { serverProblems } from "./rules";

function problems(config: Record<string, unknown>, minor = 36): string[] {
  const files = [{ path: "/etc/rancher/k3s/config.yaml", text: dump(config) }];
  const effective = effectiveConfiguration({ minor, role: "server", files });
  return serverProblems(effective, minor).map(({ key, reason }) => `${key}: ${reason}`);
}

describe("serverProblems", () => {
  it.each<[string, Record<string, unknown>]>([
    ["nothing", {}],
    ["what goes together", { "cluster-reset": true, "cluster-reset-restore-path": "/snapshot" }],
    ["an external datastore", { "datastore-endpoint": "postgres://x" }],
    ["IPv6", { "cluster-cidr": "fd00:42::/56", "service-cidr": "fd00:43::/112", "node-ip": "fd00::1" }],
    [
      "both families",
      {
        "cluster-cidr": "10.42.0.0/16,fd00:42::/56",
        "service-cidr": ["10.43.0.0/16", "fd00:43::/112"],
        "node-ip": ["10.0.0.1", "fd00::1"],
      },
    ],
    ["a node of both families in a cluster of one", { "node-ip": "10.0.0.1,fd00::1" }],
    [
      "an interval of 0s for snapshots that are off",
      { "etcd-snapshot-reconcile-interval": "0s", "etcd-disable-snapshots": true },
    ],
    ["modes in quotes", { "write-kubeconfig-mode": "0644" }],
    ["a flag that kubelet has", { "kubelet-arg": ["v=2", "max-pods=100"] }],
  ])("takes %s", (_title, config) => expect(problems(config)).toEqual([]));

  it.each<[Record<string, unknown>, string]>([
    [{ "etcd-snapshot-reconcile-interval": "0s" }, "etcd-snapshot-reconcile-interval: must be more than 0s"],
    [{ "etcd-s3": true, "etcd-s3-timeout": "0m0s" }, "etcd-s3-timeout: must be more than 0s"],
    [{ "data-dir": "k3s" }, "data-dir: k3s is no absolute path: k3s would take it from where it is started"],
    [{ "cluster-reset-restore-path": "/snapshot" }, "cluster-reset-restore-path: needs cluster-reset"],
    [{ "disable-etcd": true }, "disable-etcd: needs server: another server that runs etcd"],
    [
      { "disable-apiserver": true, "datastore-endpoint": "x" },
      "disable-apiserver: cannot be used with datastore-endpoint",
    ],
    [
      { "disable-etcd": true, server: "https://a:6443", "datastore-endpoint": "x" },
      "disable-etcd: cannot be used with datastore-endpoint",
    ],
    [{ "cluster-cidr": "10.42.0.0" }, "cluster-cidr: 10.42.0.0 is no network such as 10.42.0.0/16"],
    [{ "service-cidr": "10.43.0.0/33" }, "service-cidr: 10.43.0.0/33 is no network such as 10.42.0.0/16"],
    [{ "cluster-dns": ["10.43.0"] }, "cluster-dns: 10.43.0 is no IP address"],
    [{ "service-node-port-range": "high" }, "service-node-port-range: high is no range of ports such as 30000-32767"],
    [{ "egress-selector-mode": "off" }, "egress-selector-mode: expected one of agent, cluster, pod, disabled"],
    [{ "cluster-reset": true, server: "https://a:6443" }, "cluster-reset: cannot be used with server"],
    [
      { "service-cidr": "fd00:43::/112" },
      "service-cidr: is IPv6 and cluster-cidr is IPv4: both must be of the same IP versions",
    ],
    [
      { "cluster-cidr": "10.42.0.0/16,fd00:42::/56" },
      "service-cidr: is IPv4 and cluster-cidr is dual-stack: both must be of the same IP versions",
    ],
    [{ "node-ip": "fd00::1" }, "node-ip: is IPv6 and cluster-cidr is IPv4"],
    [
      { "embedded-registry": true, docker: true },
      "embedded-registry: needs k3s's own containerd: it cannot be used with docker or container-runtime-endpoint",
    ],
    [
      { "flannel-backend": "wireguard" },
      "flannel-backend: k3s 1.36 has no flannel backend wireguard: use wireguard-native",
    ],
    [
      { "write-kubeconfig-mode": 420 },
      'write-kubeconfig-mode: 420 is no mode: write it in quotes, "0644", because YAML reads 0644 as the decimal number 420',
    ],
    [
      { "kubelet-arg": ["--pod-infra-container-image=x"] },
      "kubelet-arg: kubelet 1.36 does not start with --pod-infra-container-image: 1.34 was the last with it; use k3s.pauseImage",
    ],
  ])("refuses %j", (config, problem) => expect(problems(config)).toEqual([problem]));

  it.each([
    ["pod-infra-container-image", 34],
    ["container-runtime", 26],
    ["keep-terminated-pod-volumes", 30],
  ])("lets kubelet have %s up to 1.%i", (name, until) => {
    const config = { "kubelet-arg": [`${name}=x`] };
    expect(problems(config, until)).toEqual([]);
    expect(problems(config, until + 1)).toHaveLength(1);
  });

  it("leaves flannel's backends alone where k3s had more of them", () => {
    expect(problems({ "flannel-backend": "ipsec" }, 26)).toEqual([]);
  });

  it("tells all at once", () => {
    expect(problems({ "disable-etcd": true, "cluster-cidr": "x", "kubelet-arg": "network-plugin=cni" })).toHaveLength(
      3,
    );
  });
});
