import * as pulumi from "@pulumi/pulumi";
import { dump } from "js-yaml";
import { beforeEach, describe, expect, it } from "vitest";
// first: its mocks replace only what is loaded after it
import {
  agentToken,
  before,
  boardSays,
  deploy,
  deployAgents,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  registered,
  stacksHave,
} from "./mocked-engine";
import { ConfigError } from "./config";
import { isJoinStack, parseJoinStackConfig } from "./join-config";

const stack = "organization/k3s-board/home";
const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" };
const w2 = { host: "w2.example", arch: "riscv64", hostKey: "ssh-ed25519 CCCC" };
const { version, source } = good.k3s;
const agentStack = { join: { stack }, k3s: { version, source }, agents: { w1, w2 } };
const kubeconfig = dump({
  clusters: [{ name: "default", cluster: { server: "https://board.example:6443" } }],
  users: [{ name: "default", user: { "client-key-data": "admin-key-1" } }],
});
const join = {
  server: "https://192.0.2.7:6443",
  token: agentToken,
  version,
  kubeconfig,
  networks: ["10.42.0.0/16", "10.43.0.0/16"],
  clusterDomain: "cluster.local",
  nodes: [{ name: "licheepi", address: "192.0.2.7" }],
};

function problemsOf(values: Record<string, unknown>): Record<string, string> {
  try {
    parseJoinStackConfig(values);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map(({ path, reason }) => [path, reason]));
    throw error;
  }
  return {};
}

beforeEach(() => {
  boardSays(healthy, { "w1.example": { address: "192.0.2.8" }, "w2.example": { address: "192.0.2.9" } });
  stacksHave({ [stack]: { join } });
});

describe("a stack whose agents join the cluster of another one", () => {
  it("joins by what the server's stack tells, and shows none of it", async () => {
    const outputs = await deployAgents(agentStack);
    expect(fileOf("agent-w1-service", "50-k3s-board.yaml")).toBe(
      "node-name: w1\nserver: https://192.0.2.7:6443\ntoken-file: /etc/rancher/k3s/k3s-board-agent-token\n",
    );
    expect(fileOf("agent-w1-service", "k3s-board-agent-token")).toBe("[secret]");
    expect(JSON.stringify(find("agent-w1-service")?.inputs)).toContain(`${agentToken}\\n`);
    const own = registered.filter(({ type }) => type !== "pulumi:pulumi:StackReference");
    const clear = JSON.stringify(own.map(({ inputs }) => inClear(inputs)));
    for (const secret of ["agent-secret-1", "admin-key-1"]) expect(clear).not.toContain(secret);
    expect(Object.keys(outputs.agents)).toEqual(["w1", "w2"]);
    expect(registered.filter(({ name }) => /^(k3s|manifest|ready|registry|kubeconfig)/.test(name))).toEqual([]);
  });

  it("marks, drains and deletes nodes from their own boards, at the server's address", async () => {
    await deployAgents({ ...agentStack, agents: { w1: { ...w1, labels: { disk: "ssd" } }, w2 } });
    const node = JSON.stringify(find("agent-w1-node")?.inputs);
    expect(node).toContain("w1.example");
    expect(node).toContain("server: https://192.0.2.7:6443");
    expect(inClear(find("agent-w1-node")?.inputs)).toMatchObject({ kubeconfig: "[secret]", labels: { disk: "ssd" } });
    expect([...before("agent-w1-service")]).toContain("agent-w1-object");
    expect([...before("agent-w2-service")]).toContain("agent-w1-node");
  });

  it("takes a server's address and token from its configuration too, without a kubeconfig if need be", async () => {
    const { server, token } = join;
    await deployAgents({ ...agentStack, join: { server, token, version } });
    expect(fileOf("agent-w2-service", "50-k3s-board.yaml")).toContain(`server: ${server}`);
    expect(registered.filter(({ type }) => /Node/.test(type))).toEqual([]);
    expect([...before("agent-w2-service")]).toContain("agent-w1-service");
  });

  it("refuses a registry of which images are another stack's, or that is on no board of this one", () => {
    const external = { kind: "external", url: "https://registry.example:5000" };
    expect(problemsOf({ ...agentStack, registry: external })).toEqual({
      registry: expect.stringContaining("each agent has one of its own") as string,
    });
    const tls = { certificate: "cert.pem", key: "key.pem" };
    const onServer = { kind: "board", username: "u", password: "p", tls };
    for (const [delivery, listen] of Object.entries({ mirror: "192.0.2.7", airgap: "0.0.0.0" }))
      expect(problemsOf({ ...agentStack, registry: { ...onServer, listen }, delivery })).toEqual({
        "registry.listen": expect.stringContaining("would be an address of the server's board") as string,
      });
    expect(problemsOf({ ...agentStack, registry: { kind: "board", port: 5001 } })).toEqual({});
  });

  it("says that a registry's certificate is not there before anything is touched", async () => {
    const registry = { kind: "external", url: "https://registry.example:5000", ca: "/nonexistent.pem" };
    await expect(deployAgents({ ...agentStack, registry, delivery: "airgap" })).rejects.toThrow(
      "registry.ca: cannot be read: ENOENT",
    );
    expect(registered).toEqual([]);
  });

  it("gives agents that have their images as archives the registry that they reach, with its login", async () => {
    const registry = { kind: "external", url: "https://registry.example:5000", username: "u", password: "p" };
    await deployAgents({ ...agentStack, registry, delivery: "airgap" });
    expect(fileOf("agent-w1-service", "registries.yaml")).toBe("[secret]");
    expect(JSON.stringify(find("agent-w2-service")?.inputs)).toContain("https://registry.example:5000");
    expect(registered.filter(({ type }) => type === "board:index:RegistryImage")).toEqual([]);
  });

  it.each<[string, object, object, RegExp]>([
    [
      "newer than the server's",
      { join: { ...join, version: "v1.35.1+k3s1" } },
      {},
      /k3s\.version: v1\.36\.3\+k3s1 is newer/,
    ],
    ["that the server does not bear", { join: { ...join, version: "v1.40.1+k3s1" } }, {}, /k3s\.version: .* too old/],
    ["of a stack without that output", {}, {}, /join\.stack: stack organization\/k3s-board\/home has no output join/],
    [
      "of the name of another node",
      { join },
      { licheepi: w1 },
      /agents\.licheepi: is the name of a node of the server's/,
    ],
    [
      "at the address of another node",
      { join },
      { w1: { ...w1, config: { "node-ip": "192.0.2.7" } } },
      /agents\.w1\.config\.node-ip: .* that of licheepi too/,
    ],
  ])("refuses agents %s, and touches nothing", async (_title, outputs, agents, message) => {
    stacksHave({ [stack]: outputs });
    const given = Object.keys(agents).length === 0 ? agentStack.agents : agents;
    await expect(deployAgents({ ...agentStack, agents: given })).rejects.toThrow(message);
    expect(registered).toEqual([]);
  });

  it("is a stack without a server: what is a server's is refused, all at once", () => {
    // as Pulumi hands out a stack of agents, with the defaults of Pulumi.yaml
    const empty = { board: {}, servers: {}, manifests: {}, workloads: {}, hooks: {} };
    expect(problemsOf({ ...agentStack, ...empty })).toEqual({});
    expect(isJoinStack({ ...agentStack, ...empty })).toBe(true);
    expect(isJoinStack({ ...good, join: {} })).toBe(false);
    const found = problemsOf({
      ...agentStack,
      board: good.board,
      manifests: { web: { yaml: "a: 1" } },
      k3s: { ...good.k3s, config: { "node-ip": "192.0.2.1" } },
      agents: { w1: { ...w1, config: { "kubelet-args": ["x"] } } },
    });
    expect(Object.keys(found).sort()).toEqual(
      ["agents.w1.config.kubelet-args", "board", "k3s.config", "k3s.token", "manifests"].sort(),
    );
    expect(found.board).toMatch(/is the server's: this stack has none/);
    expect(problemsOf({ ...agentStack, agents: {} })).toEqual({
      agents: expect.stringContaining("is empty") as string,
    });
    const { server, token } = join;
    const marked = { w1: { ...w1, labels: { a: "b" }, taints: ["a:NoSchedule"] } };
    expect(Object.keys(problemsOf({ ...agentStack, join: { server, token, version }, agents: marked }))).toEqual([
      "agents.w1.labels",
      "agents.w1.taints",
    ]);
    const drained = { ...agentStack, k3s: { ...agentStack.k3s, drain: true }, join: { server, token, version } };
    expect(problemsOf(drained)).toEqual({ "k3s.drain": "needs join.kubeconfig" });
    expect(problemsOf({ ...agentStack, join: { server, token: "short", version } })).toEqual({
      "join.token": expect.stringContaining("full form") as string,
    });
  });
});

it("a server's stack has what agents of another one need, as a secret", async () => {
  const outputs = await deploy();
  expect(await pulumi.isSecret(outputs.join)).toBe(true);
  const told = await new Promise((resolve) => outputs.join.apply(resolve));
  expect(told).toEqual({ ...join, kubeconfig: "kubeconfig-text-1" });
});
