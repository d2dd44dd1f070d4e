import { describe, expect, it } from "vitest";
import { ConfigError, parseStackConfig } from "./config";
import { parseJoinStackConfig } from "./join-config";

const version = "v1.36.3+k3s1";
const node = (name: string) => ({ host: `${name}.example`, arch: "riscv64", hostKey: "ssh-ed25519 AAAA" });
const ofPackage = (pinned?: string) => ({ package: "k3s", ...(pinned === undefined ? {} : { version: pinned }) });
const stack = (k3s: object, more: object = {}) => ({ board: node("board"), k3s: { version, ...k3s }, ...more });

function problemsOf(values: Record<string, unknown>, parse: (values: Record<string, unknown>) => object) {
  try {
    parse(values);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map(({ path, reason }) => [path, reason]));
    throw error;
  }
  return {};
}

describe("a k3s that is a package", () => {
  it.each(["1.36.3", "1.36.3-1.fc43", "1:1.36.3+k3s2-1", "git20260801", undefined])("may be %s", (pinned) => {
    expect(problemsOf(stack({ source: ofPackage(pinned) }), parseStackConfig)).toEqual({});
  });

  it("is of the Kubernetes that the configuration says, on each node", () => {
    const servers = { s2: { ...node("s2"), source: ofPackage("1.36.2-1") } };
    const agents = {
      w1: { ...node("w1"), source: ofPackage("1.36.4-1") },
      w2: { ...node("w2"), version: "v1.35.2+k3s1", source: ofPackage("1.36.3-1") },
      w3: { ...node("w3"), version: "v1.35.2+k3s1", source: ofPackage("1.35.2-1") },
    };
    const values = stack({ source: ofPackage("1.24.2-1.fc43") }, { servers, agents });
    expect(problemsOf(values, parseStackConfig)).toEqual({
      "k3s.source.version": "1.24.2-1.fc43 is another Kubernetes than k3s.version, which is v1.36.3+k3s1",
      "servers.s2.source.version": "1.36.2-1 is another Kubernetes than k3s.version, which is v1.36.3+k3s1",
      "agents.w1.source.version": "1.36.4-1 is another Kubernetes than k3s.version, which is v1.36.3+k3s1",
      "agents.w2.source.version": "1.36.3-1 is another Kubernetes than agents.w2.version, which is v1.35.2+k3s1",
    });
  });

  it("is an agent's own where its version is", () => {
    const agents = { w1: { ...node("w1"), version: "v1.35.2+k3s1" } };
    const problem = "is missing: k3s.source is the package in 1.36.3-1, this agent v1.35.2+k3s1";
    expect(problemsOf(stack({ source: ofPackage("1.36.3-1") }, { agents }), parseStackConfig)).toEqual({
      "agents.w1.source": problem,
    });
    expect(problemsOf(stack({ source: ofPackage() }, { agents }), parseStackConfig)).toEqual({});
  });

  it("does not go back with a copy of the datastore, which nobody makes of it", () => {
    const allowDowngrade = "restoreDatastore";
    const refused = (path: string): object => ({
      "k3s.allowDowngrade": expect.stringContaining(
        `before a package (${path}) changes, the datastore is not copied`,
      ) as string,
    });
    const [file, own] = [{ path: "./k3s" }, { s2: { ...node("s2"), source: ofPackage() } }];
    const found = (source: object, more: object = {}) =>
      problemsOf(stack({ source, allowDowngrade }, more), parseStackConfig);
    expect(found(ofPackage())).toEqual(refused("k3s.source"));
    expect(found(file, { servers: own })).toEqual(refused("servers.s2.source"));
    expect(found(file, { agents: { w1: { ...node("w1"), source: ofPackage() } } })).toEqual({});
    expect(problemsOf(stack({ source: ofPackage(), allowDowngrade: true }), parseStackConfig)).toEqual({});
  });

  it("is looked at in a stack of agents, which has no datastore", () => {
    const join = { stack: "organization/k3s-board/home" };
    const k3s = { version, source: ofPackage("1.35.2-1"), allowDowngrade: "restoreDatastore" };
    expect(Object.keys(problemsOf({ join, k3s, agents: { w1: node("w1") } }, parseJoinStackConfig))).toEqual([
      "k3s.source.version",
    ]);
  });
});
