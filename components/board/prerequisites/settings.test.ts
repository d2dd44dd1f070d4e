import { describe, expect, it } from "vitest";
import { prerequisitesConfig } from "./config";
import { plannedSettings } from "./settings";

const openings = { ports: ["6443/tcp"], networks: ["10.42.0.0/16"] };
const planned = (given: object) =>
  Object.fromEntries(
    plannedSettings(prerequisitesConfig.parse(given), openings).map(({ kind, values }) => [kind, values]),
  );

describe("plannedSettings", () => {
  it("asks nothing of a board for which nothing is named", () => {
    expect(planned({})).toEqual({});
  });

  it("turns the configuration into settings, modules before the sysctls that come with them", () => {
    const settings = plannedSettings(
      prerequisitesConfig.parse({
        hosts: { "192.0.2.7": ["registry.lan", "registry"] },
        kernelModules: ["br_netfilter"],
        blacklistedModules: ["pcspkr"],
        sysctls: { "net.ipv4.ip_forward": 1 },
      }),
      openings,
    );
    expect(settings).toEqual([
      { kind: "hosts", values: { "192.0.2.7": "registry.lan registry" }, after: [] },
      { kind: "kernelModules", values: { br_netfilter: "loaded", pcspkr: "blacklisted" }, after: [] },
      { kind: "sysctls", values: { "net.ipv4.ip_forward": "1" }, after: ["kernelModules"] },
    ]);
  });

  it.each([
    ["a new name", { hostname: "licheepi" }, { "127.0.1.1": "licheepi" }],
    ["a name with a domain", { hostname: "licheepi.lan" }, { "127.0.1.1": "licheepi.lan licheepi" }],
    ["beside other names", { hostname: "a", hosts: { "127.0.1.1": ["b"] } }, { "127.0.1.1": "b a" }],
    ["one that the configuration names", { hostname: "a", hosts: { "192.0.2.7": ["a"] } }, { "192.0.2.7": "a" }],
  ])("makes the board find itself: %s", (_title, given, hosts) => {
    expect(planned(given).hosts).toEqual(hosts);
  });

  it.each<[string, object, object]>([
    ["off", { kind: "disabled" }, { firewall: "disabled" }],
    ["with what the cluster needs", { kind: "ports" }, { "6443/tcp": "open", "10.42.0.0/16": "trusted" }],
    [
      "with more",
      { kind: "ports", ports: ["443/tcp", "6443/tcp"], trustedNetworks: ["192.0.2.0/24"] },
      { "6443/tcp": "open", "443/tcp": "open", "10.42.0.0/16": "trusted", "192.0.2.0/24": "trusted" },
    ],
  ])("sets the firewall: %s", (_title, firewall, values) => {
    expect(planned({ firewall })).toEqual({ firewall: values });
  });

  it("hands on what is one value", () => {
    const given = { swap: "disabled", selinux: "permissive", timeSync: "enabled", timezone: "Asia/Shanghai" };
    expect(planned({ ...given, locale: "C.UTF-8" })).toEqual({
      ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, { [key]: value }])),
      locale: { LANG: "C.UTF-8" },
    });
  });
});
