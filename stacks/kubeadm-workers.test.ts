import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  before,
  boardHasFiles,
  boardSays,
  deployKubeadm,
  directory,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  k3s,
  registered,
  secrets,
} from "./mocked-engine";

describe("a kubeadm stack with workers", () => {
  const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB", labels: { disk: "ssd" } };
  const w2 = { host: "w2.example", arch: "riscv64", hostKey: "ssh-ed25519 CCCC", taints: ["gpu=yes:NoSchedule"] };
  const flannel = { cni: { kind: "flannel" } };
  const others = {
    "w1.example": { hostname: "one", address: "192.0.2.8" },
    "w2.example": { hostname: "two", address: "192.0.2.9" },
  };
  const deploy = (agents: object, kubeadm: Record<string, unknown> = {}, values: Record<string, unknown> = {}) =>
    deployKubeadm({ ...flannel, ...kubeadm }, { agents, ...values });

  beforeEach(() => {
    boardSays(healthy, others);
  });

  it("gives each worker its board, its registry, its images, its runtime, its network and its node", async () => {
    await deploy({ w1 });
    const own = registered.filter(({ name }) => name.startsWith("agent-w1"));
    expect(own.map(({ type, name, parent }) => `${parent} > ${name} (${type})`).sort()).toMatchInlineSnapshot(`
      [
        " > agent-w1 (k3s-board:kubeadm:KubeadmWorker)",
        " > agent-w1-image (k3s-board:images:RegistryImages)",
        " > agent-w1-registry (k3s-board:registry:Registry)",
        "agent-w1 > agent-w1-cni-bandwidth (board:index:File)",
        "agent-w1 > agent-w1-cni-bridge (board:index:File)",
        "agent-w1 > agent-w1-cni-host-local (board:index:File)",
        "agent-w1 > agent-w1-cni-loopback (board:index:File)",
        "agent-w1 > agent-w1-cni-portmap (board:index:File)",
        "agent-w1 > agent-w1-containerd (board:index:SystemdService)",
        "agent-w1 > agent-w1-containerd-shim-runc-v2 (board:index:File)",
        "agent-w1 > agent-w1-ctr (board:index:File)",
        "agent-w1 > agent-w1-data (board:index:KubeadmData)",
        "agent-w1 > agent-w1-join (board:index:KubeadmJoin)",
        "agent-w1 > agent-w1-joined (board:index:KubeadmJoined)",
        "agent-w1 > agent-w1-kubeadm (board:index:File)",
        "agent-w1 > agent-w1-kubelet (board:index:SystemdService)",
        "agent-w1 > agent-w1-mirror-127.0.0.1:5000 (board:index:File)",
        "agent-w1 > agent-w1-mirror-registry.k8s.io (board:index:File)",
        "agent-w1 > agent-w1-network-flannel (k3s-board:kubeadm:FlannelNetwork)",
        "agent-w1 > agent-w1-node (board:index:ClusterNode)",
        "agent-w1 > agent-w1-object (board:index:NodeObject)",
        "agent-w1 > agent-w1-package-runc (board:index:Package)",
        "agent-w1-image > agent-w1-registry.k8s.io/coredns/coredns:v1.14.2 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-registry.k8s.io/kube-proxy:v1.36.3 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-registry.k8s.io/pause:3.10.2 (board:index:RegistryImage)",
        "agent-w1-network-flannel > agent-w1-network-flannel-service (board:index:SystemdService)",
        "agent-w1-registry > agent-w1-registry-binary (board:index:File)",
        "agent-w1-registry > agent-w1-registry-service (board:index:SystemdService)",
      ]
    `);
  });

  it("has files, runtime and kubelet as the control plane has them, but for the node's own", async () => {
    await deploy({ w1 });
    for (const name of ["containerd", "cni-bridge", "containerd-shim-runc-v2", "mirror-registry.k8s.io"])
      expect(inClear(find(`agent-w1-${name}`)?.inputs)).toEqual(inClear(find(`kubeadm-${name}`)?.inputs));
    for (const name of ["/var/lib/kubelet/config.yaml", "/10-kubeadm.conf"])
      expect(fileOf("agent-w1-kubelet", name)).toBe(fileOf("kubeadm-kubelet", name));
    expect(fileOf("agent-w1-kubelet", "/kubeadm-flags.env")).toBe(
      'KUBELET_KUBEADM_ARGS="--hostname-override=w1 --node-ip=192.0.2.8"\n',
    );
  });

  it("joins by the control plane's address, through its API, with nothing secret in what is registered", async () => {
    await deploy({ w1 });
    expect(inClear(find("agent-w1-join")?.inputs)).toMatchObject({
      connection: "[secret]",
      cluster: { connection: "[secret]", kubeconfig: "/etc/kubernetes/admin.conf" },
      server: "https://192.0.2.7:6443",
      node: "w1",
      kubeadm: "/usr/local/bin/kubeadm",
      criSocket: "unix:///run/containerd/containerd.sock",
    });
    expect(find("agent-w1-kubelet")?.inputs).toMatchObject({
      name: "kubelet",
      health: { kind: "http", url: "http://127.0.0.1:10248/healthz" },
    });
    expect(find("agent-w1-node")?.inputs).toMatchObject({ name: "w1", labels: { disk: "ssd" }, service: "kubelet" });
    for (const { inputs } of registered)
      for (const secret of Object.values(secrets)) expect(JSON.stringify(inClear(inputs))).not.toContain(secret);
  });

  it("joins by the stable address where there is one, and at a node address that is given", async () => {
    await deploy({ w1: { ...w1, nodeAddress: "10.0.0.8" } }, { controlPlaneEndpoint: "api.example" });
    expect(find("agent-w1-join")?.inputs.server).toBe("https://api.example:6443");
    expect(fileOf("agent-w1-kubelet", "/kubeadm-flags.env")).toContain("--node-ip=10.0.0.8");
  });

  it("orders them so that a worker joins a cluster with its network, and is drained, stopped, forgotten and cleaned", async () => {
    await deploy({ w1, w2 });
    const join = [...before("agent-w1-join")];
    expect(join).toEqual(expect.arrayContaining(["kubeadm-cluster", "kubeadm-network-flannel-service"]));
    expect(join).toEqual(expect.arrayContaining(["agent-w1-containerd", "agent-w1-kubeadm", "agent-w1-data"]));
    expect([...before("agent-w1-kubelet")]).toEqual(expect.arrayContaining(["agent-w1-join", "agent-w1-object"]));
    expect([...before("agent-w1-joined")]).toContain("agent-w1-kubelet");
    expect([...before("agent-w1-network-flannel-service")]).toContain("agent-w1-joined");
    expect([...before("agent-w1-node")]).toContain("agent-w1-network-flannel-service");
    expect([...before("agent-w1-object")]).toContain("kubeadm-cluster");
    // what runs is one after the other; what only prepares does not wait, the first worker's runtime not even for the cluster
    expect([...before("agent-w2-join")]).toContain("agent-w1-node");
    expect([...before("agent-w2-containerd")]).toContain("agent-w1-node");
    expect([...before("agent-w2-kubeadm")]).not.toContain("agent-w1-node");
    expect([...before("agent-w1-containerd")]).not.toContain("kubeadm-cluster");
    expect([...before("ready")]).toEqual(expect.arrayContaining(["agent-w1-node", "agent-w2-node"]));
    expect(find("ready")?.inputs.triggers).toMatchObject({ agents: "w1 w2" });
    expect(find("agent-w2-node")?.inputs).toMatchObject({ taints: ["gpu=yes:NoSchedule"] });
  });

  it("reboots one board at a time, each when the nodes before it are back", async () => {
    const prerequisites = { kernelCommandLine: ["quiet"], reboot: "allowed" };
    const agents = { w1: { ...w1, prerequisites }, w2: { ...w2, prerequisites } };
    await deploy(agents, {}, { board: { ...good.board, prerequisites } });
    const order = ["board-reboot", "kubeadm-cluster", "kubeadm-node"];
    for (const name of ["agent-w1", "agent-w2"]) order.push(`${name}-reboot`, `${name}-containerd`, `${name}-node`);
    for (const [index, name] of order.entries())
      expect([...before(name)]).toEqual(expect.arrayContaining(order.slice(0, index)));
    expect(find("agent-w2-node")?.inputs.formerBoot).toBe("boot before agent-w2-reboot");
    const access = { connection: "[secret]", kubeconfig: "/etc/kubernetes/admin.conf" };
    for (const name of ["agent-w1-reboot", "agent-w1-kubelet"])
      expect(inClear(find(name)?.inputs.cluster)).toEqual({ ...access, node: "w1" });
    expect(inClear(find("board-reboot")?.inputs.cluster)).toEqual({ ...access, node: "licheepi" });
    expect(find("kubeadm-node")?.inputs).toMatchObject({ name: "licheepi", service: "kubelet", stays: true });
    expect(registered.filter(({ name }) => before(name).has(name))).toEqual([]);
  });

  it("restarts kubelet where it is given something new to join with, also where its package does", async () => {
    await deploy({ w1 }, { source: { kind: "package" } });
    expect(Object.keys(find("agent-w1-kubelet")?.inputs.restartTriggers as object).sort()).toEqual([
      "join",
      "packages",
    ]);
    // flanneld asks the cluster with what kubelet was given
    expect(find("agent-w1-network-flannel-service")?.inputs.restartTriggers).toHaveProperty("join");
    expect(registered.filter(({ name }) => name.startsWith("agent-w1-package")).map(({ name }) => name)).toEqual([
      "agent-w1-package-kubeadm",
      "agent-w1-package-kubelet",
      "agent-w1-package-runc",
    ]);
  });

  it.each([
    [true, {}],
    [false, { "allocate-node-cidrs": "false" }],
  ])("waits for a node's part of the network: %s, by the controller manager's flags %j", async (waits, flags) => {
    const manifest = join(directory, "calico.yaml");
    const agent = { containers: [{ name: "calico-node", image: "docker.io/rancher/klipper-calico/node:v3.30.0" }] };
    const metadata = { name: "calico-node" };
    writeFileSync(manifest, JSON.stringify({ kind: "DaemonSet", metadata, spec: { template: { spec: agent } } }));
    const cni = { kind: "calico", version: "v3.30.0", manifest };
    const onArm = { ...good.board, arch: "arm64" };
    boardSays({ ...healthy, machine: "aarch64" }, others);
    await deploy({ w1: { ...w1, arch: "arm64" } }, { cni, controllerManagerArgs: flags }, { board: onArm });
    expect(find("agent-w1-joined")?.inputs.getsPart).toBe(waits);
  });

  it("has Docker where the control plane has it, with the board's own configuration", async () => {
    const runtime = { kind: "cri-dockerd", source: { kind: "path", path: k3s } };
    boardHasFiles({ "/etc/docker/daemon.json": '{"debug": true}' });
    await deploy({ w1 }, { runtime });
    expect(fileOf("agent-w1-runtime-docker", "daemon.json")).toContain('"debug": true');
    expect(find("agent-w1-join")?.inputs.criSocket).toBe("unix:///run/cri-dockerd.sock");
    expect([...before("agent-w1-join")]).toContain("agent-w1-runtime-cri-dockerd");
    expect([...before("agent-w1-runtime-docker-package")]).toContain("agent-w1-data");
  });

  it("lets workers use a registry that they can reach", async () => {
    await deploy({ w1 }, {}, { registry: { kind: "external", url: "https://registry.example:5000" } });
    expect(registered.filter(({ name }) => /^agent-w1-(registry|image)/.test(name))).toEqual([]);
    expect(find("agent-w1-mirror-registry.example:5000")).toBeDefined();
    expect([...before("agent-w1-containerd")]).toContain("registry.k8s.io/kube-proxy:v1.36.3");
  });

  it("gives each board's pods the nameservers of that board", async () => {
    boardHasFiles({ "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.1\n" });
    await deploy({ w1 });
    expect(fileOf("agent-w1-kubelet", "/var/lib/kubelet/config.yaml")).toMatch(
      /^resolvConf: \/run\/systemd\/resolve\/resolv\.conf$/m,
    );
  });

  it("tells what the workers' boards said of themselves", async () => {
    expect((await deploy({ w1 })).agents).toEqual({
      w1: { hostname: "one", arch: "riscv64", kernel: "6.12.0", os: "Debian GNU/Linux 13 (trixie)" },
    });
  });

  it("refuses nodes of one name, one address or none, in one error and before anything is registered", async () => {
    boardSays(healthy, { "w1.example": { address: "192.0.2.7" }, "w2.example": { address: "" } });
    await expect(
      deploy({ w1, w2, licheepi: { ...w2, host: "w3.example", nodeAddress: "192.0.2.30" } }),
    ).rejects.toThrow(
      /agents\.w2\.nodeAddress: is needed[^]*agents\.licheepi: is the name of the server's node[^]*agents\.w1\.nodeAddress: its board's address 192\.0\.2\.7 is that of the control plane too: say with nodeAddress/,
    );
    expect(registered).toEqual([]);
  });

  it("refuses a network that a node is in, before anything is registered", async () => {
    await expect(deploy({ w1 }, { serviceSubnet: "192.0.0.0/12", podSubnet: "10.5.0.0/16" })).rejects.toThrow(
      /kubeadm\.serviceSubnet: .* 192\.0\.2\.7 of node licheepi \(kubeadm\.nodeAddress\)[^]*192\.0\.2\.8 of node w1 \(agents\.w1\.nodeAddress\)/,
    );
    await expect(deploy({ w1: { ...w1, nodeAddress: "10.244.7.1" } })).rejects.toThrow(
      /kubeadm\.podSubnet: .* 10\.244\.7\.1 of node w1/,
    );
    expect(registered).toEqual([]);
  });
});
