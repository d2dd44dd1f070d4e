import { describe, expect, it } from "vitest";
import { prerequisitesConfig } from "./config";
import { plannedSettings } from "./settings";

const planned = (given: object) =>
  Object.fromEntries(plannedSettings(prerequisitesConfig.parse(given)).map(({ kind, values }) => [kind, values]));

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
});
