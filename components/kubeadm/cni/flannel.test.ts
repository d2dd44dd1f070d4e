import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { conflist } from "./conflist";
import { conflistWriter, flannelNetwork, flannelRoles, flannelUnit } from "./flannel";

it("the network of the cluster", () => {
  expect(JSON.parse(flannelNetwork({ backend: "host-gw" }, "10.5.0.0/16"))).toEqual({
    Network: "10.5.0.0/16",
    Backend: { Type: "host-gw" },
  });
});

it("the unit", () => {
  expect(flannelUnit({ nodeName: "licheepi", iface: "eth1" })).toMatchInlineSnapshot(`
    "[Unit]
    Description=flannel, the network of pods on several nodes
    Documentation=https://github.com/flannel-io/flannel
    Wants=network-online.target
    After=network-online.target

    [Service]
    Type=notify
    Environment=NODE_NAME=licheepi
    ExecStart=/usr/local/lib/k3s-board/flanneld \\
        --kube-subnet-mgr \\
        --kubeconfig-file=/etc/kubernetes/kubelet.conf \\
        --net-config-path=/etc/kube-flannel/net-conf.json \\
        --subnet-file=/run/flannel/subnet.env \\
        --ip-masq \\
        --iface=eth1
    ExecStartPost=/bin/sh /usr/local/lib/k3s-board/flannel-conflist
    TimeoutStartSec=0
    Restart=always
    RestartSec=5s

    [Install]
    WantedBy=multi-user.target
    "
  `);
});

it("the roles", () => {
  expect(flannelRoles()).toMatchInlineSnapshot(`
    "apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: k3s-board-flannel
    rules:
      - apiGroups: [""]
        resources: [nodes]
        verbs: [get, list, watch]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: k3s-board-flannel
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: k3s-board-flannel
    subjects:
      - apiGroup: rbac.authorization.k8s.io
        kind: Group
        name: system:nodes
    "
  `);
});

describe("the writer of the node's network", () => {
  let directory: string;
  let target: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "flannel-"));
    target = join(directory, "net.d/00-k3s-board-flannel.conflist");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(subnet: string, mtu = "1450"): string {
    const env = join(directory, "subnet.env");
    writeFileSync(
      env,
      `FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=${subnet}\nFLANNEL_MTU=${mtu}\nFLANNEL_IPMASQ=true\n`,
    );
    execFileSync("sh", ["-c", conflistWriter(), "flannel-conflist", env, target], { stdio: "pipe" });
    return readFileSync(target, "utf8");
  }

  it.each([
    ["10.244.1.1/24", "10.244.1.0/24"],
    ["10.244.3.129/25", "10.244.3.128/25"],
    ["10.244.16.1/20", "10.244.16.0/20"],
    ["192.168.255.1/24", "192.168.255.0/24"],
  ])("makes of %s a bridge with %s", (address, subnet) => {
    expect(write(address)).toBe(conflist({ name: "cbr0", subnet, mtu: 1450, ipMasq: false }));
  });
  it("follows a new subnet, and leaves a file that is right alone", () => {
    write("10.244.1.1/24");
    const { ino } = statSync(target);
    write("10.244.1.1/24");
    expect(statSync(target).ino).toBe(ino);
    expect(write("10.244.2.1/24")).toContain("10.244.2.0/24");
    expect(existsSync(`${target}.k3s-board-new`)).toBe(false);
  });
  it.each([
    ["", "1450", /names no subnet/],
    ["10.244.1.1/24; rm -rf /", "1450", /names no subnet/],
    ["10.244.1.1/24", "$(id)", /names no MTU/],
  ])("refuses %j with MTU %j", (subnet, mtu, reason) => {
    expect(() => write(subnet, mtu)).toThrow(reason);
    expect(existsSync(target)).toBe(false);
  });
});
