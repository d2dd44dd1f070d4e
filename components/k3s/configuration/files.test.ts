import { describe, expect, it } from "vitest";
import { nthAddress } from "./addresses";
import { agentServer, clusterSetting, dataDirectory, k3sConfigFile, k3sSecretsFile, snapshotDirectory } from "./files";

const stack = (config: Record<string, unknown>) => ({ version: "v1.36.3+k3s1", config });

describe("clusterSetting", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["k3s's default", {}, "10.43.0.10"],
    ["what is set", { "cluster-dns": "10.43.0.53" }, "10.43.0.53"],
    ["the first of several", { "cluster-dns": ["10.43.0.53", "fd00:43::35"] }, "10.43.0.53"],
    ["the tenth address of the services' network", { "service-cidr": "10.96.0.0/12" }, "10.96.0.10"],
    ["that of the first of two networks", { "service-cidr": "fd00:43::/112,10.43.0.0/16" }, "fd00:43::a"],
  ])("has %s for cluster-dns", (_title, config, address) => {
    expect(clusterSetting(stack(config), "cluster-dns")).toBe(address);
  });

  it("has the cluster's domain", () => {
    expect(clusterSetting(stack({}), "cluster-domain")).toBe("cluster.local");
    expect(clusterSetting(stack({ "cluster-domain": "board.local" }), "cluster-domain")).toBe("board.local");
  });
});

describe("agentServer", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["k3s's default port", {}, "https://[fd00::8]:6443"],
    ["another port", { "https-listen-port": 7443 }, "https://[fd00::8]:7443"],
    ["the supervisor's own port", { "https-listen-port": 7443, "supervisor-port": 9345 }, "https://[fd00::8]:9345"],
    ["none of its own", { "supervisor-port": 0 }, "https://[fd00::8]:6443"],
  ])("has %s", (_title, config, server) => expect(agentServer(stack(config), "fd00::8")).toBe(server));
});

it.each<[string, Record<string, unknown>, string | undefined]>([
  ["k3s's own", {}, undefined],
  ["another one", { "etcd-snapshot-dir": "/mnt/backup/" }, "/mnt/backup"],
  ["one that is relative", { "etcd-snapshot-dir": "backup" }, "/backup"],
])("the directory of snapshots is %s", (_title, config, directory) =>
  expect(snapshotDirectory(stack(config))).toBe(directory),
);

describe("nthAddress", () => {
  it.each([
    ["192.168.1.77/24", 10, "192.168.1.10"],
    ["10.0.0.0/8", 300, "10.0.1.44"],
    ["fd00:43::ff/112", 10, "fd00:43::a"],
    ["2001:db8::/64", 1, "2001:db8::1"],
    ["nonsense", 1, undefined],
  ])("counts in %s", (network, n, address) => expect(nthAddress(network, n)).toBe(address));
});

describe("the files of a stack", () => {
  it("keep secrets out of the file that is shown, and everything else out of the other", () => {
    const config = stack({ "data-dir": "/data", "agent-token": "s3cret", "tls-san": ["a"] });
    expect(k3sConfigFile(config, "https://board:6443")).toBe("data-dir: /data\ntls-san:\n  - a\n  - board\n");
    expect(k3sSecretsFile({ ...config, token: "t0ken" })).toBe("agent-token: s3cret\ntoken: t0ken\n");
    expect(k3sSecretsFile(stack({ "data-dir": "/data" }))).toBeUndefined();
    expect(dataDirectory(config)).toBe("/data");
    expect(dataDirectory(stack({ "data-dir": "/mnt//ssd/../disk/k3s/" }))).toBe("/mnt/disk/k3s");
  });
});
