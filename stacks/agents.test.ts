import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  agentToken,
  before,
  boardSays,
  coredns,
  deploy,
  directory,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  k3s,
  registered,
  withK3s,
} from "./mocked-engine";

describe("a server with agents", () => {
  const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB", labels: { disk: "ssd" } };
  const w2 = { host: "w2.example", arch: "riscv64", hostKey: "ssh-ed25519 CCCC", taints: ["gpu=yes:NoSchedule"] };
  const agents = { w1, w2 };
  const others = {
    "w1.example": { hostname: "one", address: "192.0.2.8" },
    "w2.example": { hostname: "two", address: "192.0.2.9" },
  };

  beforeEach(() => {
    boardSays(healthy, others);
  });

  it("gives each agent its board, its registry, its images, its k3s and its node", async () => {
    await deploy({ agents: { w1 } });
    const own = registered.filter(({ name }) => name.startsWith("agent-w1"));
    expect(own.map(({ type, name, parent }) => `${parent} > ${name} (${type})`).sort()).toMatchInlineSnapshot(`
      [
        " > agent-w1 (k3s-board:k3s:K3sAgent)",
        " > agent-w1-image (k3s-board:images:RegistryImages)",
        " > agent-w1-registry (k3s-board:registry:Registry)",
        "agent-w1 > agent-w1-data (board:index:K3sData)",
        "agent-w1 > agent-w1-node (board:index:ClusterNode)",
        "agent-w1 > agent-w1-object (board:index:NodeObject)",
        "agent-w1 > agent-w1-pause (board:index:ContainerdImage)",
        "agent-w1 > agent-w1-pause-archive (board:index:File)",
        "agent-w1 > agent-w1-service (board:index:SystemdService)",
        "agent-w1-image > agent-w1-docker.io/rancher/klipper-helm:v0.13.3-build20260727 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/klipper-lb:v0.4.17 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/local-path-provisioner:v0.0.36 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/mirrored-coredns-coredns:1.14.6 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/mirrored-library-busybox:1.37.0 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/mirrored-library-traefik:3.7.8 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/mirrored-metrics-server:v0.9.0 (board:index:RegistryImage)",
        "agent-w1-image > agent-w1-docker.io/rancher/mirrored-pause:3.10.2 (board:index:RegistryImage)",
        "agent-w1-registry > agent-w1-registry-binary (board:index:File)",
        "agent-w1-registry > agent-w1-registry-service (board:index:SystemdService)",
      ]
    `);
  });

  it("joins by the server's address in the cluster, with the token in a file of its own", async () => {
    await deploy({ agents });
    expect(fileOf("agent-w1-service", "50-k3s-board.yaml")).toBe(
      "node-name: w1\nserver: https://192.0.2.7:6443\ntoken-file: /etc/rancher/k3s/k3s-board-agent-token\n",
    );
    expect(fileOf("agent-w1-service", "k3s-board-agent-token")).toBe("[secret]");
    const clear = JSON.stringify(registered.map(({ inputs }) => inClear(inputs)));
    expect(clear).not.toContain("agent-secret-1");
    expect(JSON.stringify(find("agent-w1-service")?.inputs)).toContain(`${agentToken}\\n`);
    expect(find("agent-token")?.secretOutputs).toContain("token");
    expect(find("agent-w1-service")?.inputs).toMatchObject({
      name: "k3s-agent",
      program: { path: "/usr/local/bin/k3s", source: k3s },
      flags: { command: "agent", names: ["node-name", "pause-image", "server", "token-file"] },
      health: { kind: "http", url: "http://127.0.0.1:10248/healthz" },
      programData: { unpackedPrograms: "/var/lib/rancher/k3s/data", begins: [] },
    });
    expect(fileOf("agent-w1-service", "registries.yaml")).toContain("http://127.0.0.1:5000");
    expect(find("k3s-service")?.inputs).toMatchObject({ health: { kind: "kubernetes", node: "licheepi" } });
  });

  it("leaves it to the server to tell agents what stands before the names of k3s's images: they know no key for it", async () => {
    const disable = ["coredns", "local-storage", "metrics-server", "servicelb", "traefik", "runtimes"];
    await deploy({ ...withK3s({ disable }), agents: { w1 }, delivery: "system-default-registry" });
    expect(fileOf("k3s-service", "50-k3s-board.yaml")).toContain("system-default-registry: 127.0.0.1:5000\n");
    expect(fileOf("agent-w1-service", "50-k3s-board.yaml")).toBe(
      "node-name: w1\nserver: https://192.0.2.7:6443\ntoken-file: /etc/rancher/k3s/k3s-board-agent-token\n",
    );
    expect(fileOf("agent-w1-service", "10-k3s-board.conf")).toContain("--pause-image=rancher/mirrored-pause:3.10.2");
  });

  it("orders them so that an agent is drained, stopped, forgotten and cleaned when it goes", async () => {
    await deploy({ agents });
    // what depends on something is deleted before it
    expect([...before("agent-w1-node")]).toEqual(expect.arrayContaining(["agent-w1-service", "agent-w1-pause"]));
    expect([...before("agent-w1-service")]).toEqual(
      expect.arrayContaining(["agent-w1-object", "agent-w1-data", "agent-token", "k3s-service", `agent-w1-${coredns}`]),
    );
    expect([...before("agent-w1-object")]).toContain("k3s-service");
    // one after the other; what only prepares does not wait
    expect([...before("agent-w2-service")]).toContain("agent-w1-node");
    expect([...before("agent-w2-registry-service")]).not.toContain("agent-w1-node");
    expect([...before("ready")]).toEqual(expect.arrayContaining(["agent-w1-node", "agent-w2-node"]));
    expect(find("agent-w1-node")?.inputs).toMatchObject({ name: "w1", labels: { disk: "ssd" }, taints: [] });
    expect(find("agent-w2-node")?.inputs).toMatchObject({ name: "w2", taints: ["gpu=yes:NoSchedule"] });
  });

  it("waits for the server's node under the name that k3s makes of the given one", async () => {
    await deploy({ ...withK3s({ config: { "node-name": "LicheePi" } }), agents: { w1 } });
    expect(find("k3s-service")?.inputs).toMatchObject({ health: { kind: "kubernetes", node: "licheepi" } });
  });

  it("waits for the server's node alone also where the stack has no other: agents of another stack are nodes as well", async () => {
    await deploy();
    expect(find("k3s-service")?.inputs).toMatchObject({ health: { kind: "kubernetes", node: "licheepi" } });
  });

  it("says which agent's k3s is not there, and that a registry's certificate is not, before anything is touched", async () => {
    const gone = join(directory, "gone");
    await expect(deploy({ agents: { w1: { ...w1, source: { path: gone } } } })).rejects.toThrow(
      `agents.w1.source.path: there is no file ${gone}`,
    );
    const registry = { kind: "external", url: "https://registry.example:5000", ca: gone };
    await expect(deploy({ agents, registry })).rejects.toThrow("registry.ca: cannot be read: ENOENT");
    expect(registered).toEqual([]);
  });

  it("drains nothing for a restart of k3s unless that is asked for", async () => {
    await deploy({ agents: { w1 } });
    for (const name of ["k3s-service", "agent-w1-service"]) expect(find(name)?.inputs).not.toHaveProperty("drain");
  });

  it("drains each node before its k3s restarts where that is asked for, with its own time, and tells nobody how", async () => {
    await deploy({ agents: { w1: { ...w1, drainTimeoutSeconds: 60 } }, ...withK3s({ drain: true }) });
    const kubeconfig = "/etc/rancher/k3s/k3s.yaml";
    expect(inClear(find("k3s-service")?.inputs)).toMatchObject({
      drain: { connection: "[secret]", kubeconfig, node: "licheepi", timeoutSeconds: 300 },
    });
    expect(inClear(find("agent-w1-service")?.inputs)).toMatchObject({
      drain: { connection: "[secret]", kubeconfig, node: "w1", timeoutSeconds: 60 },
    });
  });

  it("knows where to ask what runs on an agent whose k3s restarts or whose board reboots, drained or not", async () => {
    const prerequisites = { kernelCommandLine: ["quiet"], reboot: "allowed" };
    await deploy({ agents: { w1: { ...w1, prerequisites } } });
    const cluster = { connection: "[secret]", kubeconfig: "/etc/rancher/k3s/k3s.yaml", node: "w1" };
    expect(inClear(find("agent-w1-service")?.inputs)).toMatchObject({ cluster });
    expect(inClear(find("agent-w1-reboot")?.inputs)).toMatchObject({ cluster });
    for (const name of ["agent-w1-service", "agent-w1-reboot"])
      expect(JSON.stringify(find(name)?.inputs.cluster)).toContain("board.example");
  });

  it("lets agents use a registry that they can reach", async () => {
    const registry = { kind: "external", url: "https://registry.example:5000" };
    await deploy({ agents, registry });
    expect(registered.filter(({ name }) => /^agent-.*(registry|image)/.test(name))).toEqual([]);
    expect(fileOf("agent-w2-service", "registries.yaml")).toContain("https://registry.example:5000");
    expect([...before("agent-w2-service")]).toContain(coredns);
  });

  it("names all nodes to CoreDNS of ours", async () => {
    await deploy({ k3s: { ...good.k3s, coredns: "custom" }, agents });
    for (const line of ["192.0.2.7 licheepi", "192.0.2.8 w1", "192.0.2.9 w2"])
      expect(find("manifest-coredns")?.inputs.content).toContain(line);
  });

  it("refuses nodes of one name or one address, and another board than it should be", async () => {
    boardSays(healthy, { ...others, "w1.example": { address: "192.0.2.7" } });
    await expect(deploy({ agents: { ...agents, licheepi: { ...w2, host: "w3.example" } } })).rejects.toThrow(
      /agents\.licheepi: is the name of the server's node[^]*agents\.w1\.config\.node-ip: its board's address 192\.0\.2\.7 is that of the server too/,
    );
    boardSays(healthy, { ...others, "w1.example": { machine: "aarch64" } });
    await expect(deploy({ agents })).rejects.toThrow(
      /agents\.w1\.arch: the configuration says riscv64, the board says arm64/,
    );
    expect(registered).toEqual([]);
  });

  it("refuses a network that a node is in, before anything is registered", async () => {
    boardSays(healthy, { ...others, "w1.example": { address: "10.42.7.1" } });
    await expect(deploy({ agents })).rejects.toThrow(
      /k3s\.config\.cluster-cidr: 10\.42\.0\.0\/16 has the address 10\.42\.7\.1 of node w1 \(agents\.w1\.config\.node-ip\)/,
    );
    const config = { "cluster-cidr": "10.5.0.0/16", "service-cidr": "192.0.2.0/24" };
    await expect(deploy({ ...withK3s({ config }), agents: { w1 } })).rejects.toThrow(
      /k3s\.config\.service-cidr: .* 192\.0\.2\.7 of node licheepi \(k3s\.config\.node-ip\)/,
    );
    expect(registered).toEqual([]);
  });
});
