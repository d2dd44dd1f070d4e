import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proxyConfig } from "./config";
import { aptConfiguration, environmentFile, holdsLogin, noProxy } from "./environment";

const direct = {
  networks: ["10.42.0.0/16,fd00:42::/56", "10.43.0.0/16"],
  clusterDomain: "cluster.local",
  nodes: ["192.0.2.7", "licheepi"],
  registry: "registry.lan",
};
const parse = (value: unknown) => proxyConfig.parse(value);

describe("proxyConfig", () => {
  it.each([
    [{}, /give http, https or both/],
    [{ http: "socks5://proxy:1080" }, /Invalid URL/],
    [{ http: 'http://proxy:3128/"' }, /quotes/],
    [{ http: "http://proxy:3128", noProxy: ["a,b"] }, /expected a name/],
  ])("refuses %j", (value, reason) => expect(() => parse(value)).toThrow(reason));
});

describe("noProxy", () => {
  it("holds loopback, the cluster, its nodes, the registry and what the user names, each once", () => {
    expect(noProxy({ noProxy: [".lan", "licheepi"] }, direct)).toEqual([
      ...["localhost", "127.0.0.0/8", "::1", "10.42.0.0/16", "fd00:42::/56", "10.43.0.0/16", ".svc", ".cluster.local"],
      ...["192.0.2.7", "licheepi", "registry.lan", ".lan"],
    ]);
    expect(noProxy({ noProxy: [] }, { ...direct, registry: "[fd00::5]", nodes: ["", "a"] })).toContain("fd00::5");
    expect(noProxy({ noProxy: [] })).toEqual(["localhost", "127.0.0.0/8", "::1"]);
  });

  it("has no entry twice and none that is empty, whatever is given", () => {
    const word = fc.stringMatching(/^[a-z.]{0,6}$/);
    fc.assert(
      fc.property(fc.array(word), fc.array(word), (given, nodes) => {
        const list = noProxy({ noProxy: given }, { ...direct, nodes });
        expect(new Set(list).size).toBe(list.length);
        expect(list).not.toContain("");
        for (const one of [...given, ...nodes]) if (one !== "") expect(list).toContain(one);
      }),
    );
  });
});

it("knows a login in an address", () => {
  expect(holdsLogin(parse({ http: "http://proxy:3128" }))).toBe(false);
  expect(holdsLogin(parse({ http: "http://proxy:3128", https: "http://me@proxy:3128" }))).toBe(true);
});

it("tells k3s, and takes the proxy of http for https too", () => {
  expect(environmentFile(parse({ http: "http://me:pa%24s@proxy:3128" }), ["localhost", "::1"])).toBe(
    'HTTP_PROXY="http://me:pa%24s@proxy:3128"\nHTTPS_PROXY="http://me:pa%24s@proxy:3128"\nNO_PROXY="localhost,::1"\n',
  );
  expect(environmentFile(parse({ https: "http://proxy:3128" }), ["localhost"])).toBe(
    'HTTPS_PROXY="http://proxy:3128"\nNO_PROXY="localhost"\n',
  );
});

it("tells apt, with the hosts that it can leave out", () => {
  expect(aptConfiguration(parse({ http: "http://proxy:3128", noProxy: ["mirror.lan", ".lan", "10.0.0.0/8"] }))).toBe(
    `Acquire::http::Proxy "http://proxy:3128";
Acquire::http::Proxy::mirror.lan "DIRECT";
Acquire::https::Proxy "http://proxy:3128";
Acquire::https::Proxy::mirror.lan "DIRECT";
`,
  );
});
