import { describe, expect, it } from "vitest";
import {
  embeddedEtcdProblems,
  serverCountWarnings,
  serverKeyProblems,
  serverKeys,
  serversConfig,
} from "./servers-config";

const server = { host: "s2.example", arch: "riscv64" };
const count = (number: number) =>
  serversConfig.parse(Object.fromEntries(Array.from({ length: number - 1 }, (_, index) => [`s${index + 2}`, server])));

describe("serverKeys", () => {
  it("hands on what makes the cluster, and nothing of the first server's node", () => {
    const config = {
      ...{ "service-cidr": "10.60.0.0/16", "etcd-arg": ["x"], "tls-san+": ["a"], "agent-token": "secret" },
      ...{ "node-ip": "192.0.2.7", "kubelet-arg": ["v=2"], "data-dir": "/data" },
      ...{ "advertise-address": "192.0.2.7", "cluster-init": true },
    };
    expect(serverKeys({ config }, { config: { "node-ip": "192.0.2.8" } })).toEqual({
      ...{ "service-cidr": "10.60.0.0/16", "etcd-arg": ["x"], "tls-san+": ["a"], "agent-token": "secret" },
      "node-ip": "192.0.2.8",
    });
  });
});

describe("serverKeyProblems", () => {
  const k3s = { version: "v1.36.3+k3s1", config: { "cluster-cidr": "fd00::/48", "service-cidr": "fd01::/112" } };
  const reasons = (config: Record<string, unknown>) =>
    serverKeyProblems({ s2: { config } }, k3s).map(({ path, reason }) => `${path}: ${reason}`);

  it.each<[string, unknown, RegExp]>([
    ["cluster-cidr", "10.42.0.0/16", /is the same on all servers: use k3s\.config/],
    ["disable", ["traefik"], /use k3s\.disable/],
    ["cluster-init", true, /is for the first server/],
    ["server", "https://192.0.2.1:6443", /use k3s\.agentServer/],
    ["token", "secret", /is set by this program/],
    ["node-label", ["a=b"], /use labels/],
    ["kubelet-args", ["v=2"], /did you mean kubelet-arg/],
    ["node-ip", "192.0.2.8", /is IPv4 and cluster-cidr is IPv6/],
  ])("refuses %s", (key, value, reason) => {
    expect(reasons({ [key]: value })).toEqual([expect.stringMatching(reason)]);
    expect(reasons({ [key]: value })[0]).toContain(`servers.s2.config.${key}: `);
  });

  it("takes what is the node's own", () => {
    expect(reasons({ "node-ip": "fd00::8", "kubelet-arg": ["v=2"], "advertise-address": "fd00::8" })).toEqual([]);
    expect(serverKeyProblems("nonsense", undefined)).toEqual([]);
  });
});

describe("embeddedEtcdProblems", () => {
  it("refuses another datastore beside further servers, and only there", () => {
    const config = { "datastore-endpoint": "mysql://x" };
    expect(embeddedEtcdProblems({}, { config })).toEqual([]);
    expect(embeddedEtcdProblems(count(2), { config })).toEqual([
      expect.objectContaining({ path: "k3s.config.datastore-endpoint" }),
    ]);
    expect(embeddedEtcdProblems(count(2), { config: { "cluster-init": true } })).toEqual([]);
  });

  it("refuses copies of an SQLite that is not there", () => {
    const k3s = { config: {}, backup: { schedule: "daily", keep: 7 } };
    expect(embeddedEtcdProblems({}, k3s)).toEqual([]);
    expect(embeddedEtcdProblems(count(2), k3s)).toEqual([
      { path: "k3s.backup", reason: expect.stringMatching(/^is for SQLite: .*etcd-snapshot-schedule-cron/) as string },
    ]);
  });
});

describe("serverCountWarnings", () => {
  it.each([1, 3, 5])("has nothing to say of %i servers", (number) => {
    expect(serverCountWarnings(count(number))).toEqual([]);
  });

  it.each([
    [2, /needs 2 of 2 servers to work, so that 2 bear the loss of 0, no more than 1 would/],
    [4, /needs 3 of 4 servers to work, so that 4 bear the loss of 1, no more than 3 would/],
  ])("warns of %i servers", (number, text) => {
    expect(serverCountWarnings(count(number))).toEqual([expect.stringMatching(text)]);
  });
});
