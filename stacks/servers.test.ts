import { beforeEach, describe, expect, it } from "vitest";
import {
  agentToken,
  before,
  boardSays,
  deploy,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  registered,
  withK3s,
} from "./mocked-engine";

describe("several servers", () => {
  const s2 = { host: "s2.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB", config: { "node-ip": "10.0.0.2" } };
  const s3 = { host: "s3.example", arch: "riscv64", hostKey: "ssh-ed25519 CCCC", taints: ["gpu=yes:NoSchedule"] };
  const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 DDDD" };
  const servers = { s2, s3 };
  const others = { "s3.example": { address: "192.0.2.9" }, "w1.example": { address: "192.0.2.10" } };
  const k3s = {
    ...good.k3s,
    disable: ["traefik"],
    skip: ["coredns"],
    config: {
      "cluster-cidr": "10.50.0.0/16",
      "tls-san": ["cluster.example"],
      "kubelet-arg": ["v=2"],
      "node-ip": "192.0.2.7",
      "agent-token": "for-agents-1",
    },
  };

  beforeEach(() => {
    boardSays(healthy, others);
  });

  it("starts an etcd on the first, which the others join with its token in a file of their own", async () => {
    await deploy({ servers, k3s });
    expect(fileOf("k3s-service", "50-k3s-board.yaml")).toMatch(/^cluster-cidr: 10\.50\.0\.0\/16\ncluster-init: true\n/);
    expect(fileOf("server-s2-service", "50-k3s-board.yaml")).toBe(
      [
        "cluster-cidr: 10.50.0.0/16",
        "node-ip: 10.0.0.2",
        "node-name: s2",
        "server: https://192.0.2.7:6443",
        "tls-san:",
        "  - cluster.example",
        "  - s2.example",
        "token-file: /etc/rancher/k3s/k3s-board-server-token",
        "",
      ].join("\n"),
    );
    expect(fileOf("server-s2-service", "k3s-board-server-token")).toBe("[secret]");
    expect(JSON.stringify(find("server-s2-service")?.inputs)).toContain(`${agentToken}\\n`);
    expect(fileOf("server-s2-service", "60-k3s-board-secrets.yaml")).toBe("[secret]");
    expect(fileOf("server-s2-service", "10-k3s-board.conf")).toContain("--disable=traefik");
    expect(find("server-s2-skip-coredns")).toBeDefined();
    // only the first makes a cluster that a boot before its confirmation takes back
    expect(find("k3s-service")?.inputs.programData).toMatchObject({
      credentials: expect.arrayContaining([
        "/var/lib/rancher/k3s/server/tls",
        "/var/lib/rancher/k3s/agent",
      ]) as string[],
      begins: ["db", "cred", "tls", "token", "node-token", "agent-token"].map(
        (name) => `/var/lib/rancher/k3s/server/${name}`,
      ),
    });
    expect(find("server-s2-service")?.inputs.programData).toMatchObject({ begins: [] });
    expect(find("server-s2-service")?.inputs).toMatchObject({
      name: "k3s",
      health: { kind: "kubernetes", node: "s2" },
      program: { upgrade: { datastore: "/var/lib/rancher/k3s/server/db" } },
      flags: { command: "server", names: expect.arrayContaining(["cluster-cidr", "node-name", "server"]) as string[] },
    });
    expect(find("k3s-service")?.inputs).toMatchObject({ health: { kind: "kubernetes", node: "licheepi" } });
    const clear = JSON.stringify(registered.map(({ inputs }) => inClear(inputs)));
    for (const secret of ["server-token-1", "for-agents-1", "agent-secret-1"]) expect(clear).not.toContain(secret);
  });

  it("starts one server after the other, and agents after all of them", async () => {
    await deploy({ servers, agents: { w1 } });
    const order = ["k3s-service", "server-s2-service", "server-s2-member", "server-s2-node", "server-s3-service"];
    for (const [index, name] of order.entries())
      expect([...before(name)]).toEqual(expect.arrayContaining(order.slice(0, index)));
    expect([...before("agent-w1-service")]).toEqual(expect.arrayContaining(["server-s3-node", "agent-token"]));
    expect([...before("agent-token")]).toContain("server-s3-node");
    expect([...before("ready")]).toEqual(expect.arrayContaining(["server-s2-node", "server-s3-node", "agent-w1-node"]));
    expect(find("ready")?.inputs).toMatchObject({ triggers: { agents: "s2 s3 w1" } });
    // what only prepares does not wait
    expect([...before("server-s3-registry-service")]).not.toContain("server-s2-node");
  });

  it("upgrades k3s from packages in the same order, and takes none away while its k3s runs", async () => {
    await deploy({ ...withK3s({ source: { package: "k3s" } }), servers, agents: { w1 } });
    const order = ["k3s-package", "k3s-service", "server-s2-package", "server-s2-node", "server-s3-package"];
    for (const [index, name] of order.entries())
      expect([...before(name)]).toEqual(expect.arrayContaining(order.slice(0, index)));
    expect([...before("agent-w1-package")]).toContain("server-s3-node");
    for (const name of ["server-s2", "agent-w1"]) expect([...before(`${name}-service`)]).toContain(`${name}-package`);
  });

  it("reboots one board at a time, each when the nodes before it are back, and waits for its own", async () => {
    const prerequisites = { kernelCommandLine: ["quiet"], reboot: "allowed" };
    const [two, three, one] = [s2, s3, w1].map((node) => ({ ...node, prerequisites }));
    await deploy({ board: { ...good.board, prerequisites }, servers: { s2: two, s3: three }, agents: { w1: one } });
    const order = ["board-reboot", "k3s-service", "k3s-node"];
    for (const name of ["server-s2", "server-s3", "agent-w1"])
      order.push(`${name}-reboot`, `${name}-service`, `${name}-node`);
    for (const [index, name] of order.entries()) {
      expect([...before(name)]).toEqual(expect.arrayContaining(order.slice(0, index)));
      expect(order.slice(index).filter((later) => before(name).has(later))).toEqual([]);
    }
    for (const name of ["server-s2", "server-s3", "agent-w1"])
      expect(find(`${name}-node`)?.inputs.formerBoot).toBe(`boot before ${name}-reboot`);
    // the first server is waited for only: it is neither drained nor marked
    expect(find("k3s-node")?.inputs).toMatchObject({
      name: "licheepi",
      service: "k3s",
      formerBoot: "boot before board-reboot",
      stays: true,
    });
    // what only a boot could need is made before
    expect([...before("server-s3-kernelCommandLine")]).not.toContain("k3s-service");
    expect(registered.filter(({ name }) => before(name).has(name))).toEqual([]);
  });

  it("does not let a board wait that only its user reboots", async () => {
    const prerequisites = { kernelCommandLine: ["quiet"] };
    await deploy({ servers: { s2: { ...s2, prerequisites }, s3 } });
    expect([...before("server-s2-reboot")]).toEqual(["server-s2-kernelCommandLine"]);
    // nothing of ours reboots the first one either
    expect(find("k3s-node")).toBeUndefined();
    expect(find("server-s3-node")?.inputs).not.toHaveProperty("formerBoot");
  });

  it("takes a server out in the other order: drained, no member of etcd, stopped, its object deleted, cleaned", async () => {
    await deploy({ servers });
    const order = ["server-s2-data", "server-s2-object", "server-s2-service", "server-s2-member", "server-s2-node"];
    for (const [index, name] of order.entries())
      expect(order.slice(index + 1).every((later) => !before(name).has(later))).toBe(true);
    expect([...before("server-s2-node")]).toEqual(expect.arrayContaining(order.slice(0, 4)));
    expect([...before("server-s2-service")]).toEqual(expect.arrayContaining(order.slice(0, 2)));
    expect(find("server-s3-node")?.inputs).toMatchObject({ name: "s3", taints: ["gpu=yes:NoSchedule"] });
    // what is done with a server in the cluster is done at the first one
    expect(JSON.stringify(find("server-s3-member")?.inputs)).toContain("board.example");
  });

  it("has no etcd of its own without them, as k3s has none", async () => {
    const outputs = await deploy();
    expect(fileOf("k3s-service", "50-k3s-board.yaml")).not.toContain("cluster-init");
    expect(outputs).not.toHaveProperty("servers");
  });

  it("names all nodes to CoreDNS of ours, and refuses two of one address", async () => {
    await deploy({ servers, k3s: { ...good.k3s, coredns: "custom" } });
    for (const line of ["192.0.2.7 licheepi", "10.0.0.2 s2", "192.0.2.9 s3"])
      expect(find("manifest-coredns")?.inputs.content).toContain(line);
    await expect(deploy({ servers, agents: { w1: { ...w1, config: { "node-ip": "192.0.2.9" } } } })).rejects.toThrow(
      /agents\.w1\.config\.node-ip: its board's address 192\.0\.2\.9 is that of s3 too/,
    );
  });
});
