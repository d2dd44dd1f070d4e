import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { k3sFlags } from "./flag-table";
import { flagsOf, knownMinors, minorOf } from "./flags";
import { keyProblems, keyWarnings, unjudgedKeys } from "./keys";

const minors = fc.integer({ min: knownMinors.oldest, max: knownMinors.newest });
const roles = fc.constantFrom("server" as const, "agent" as const);
const samples = { string: "x", boolean: true, number: 1, duration: "5m0s", list: ["a", "b"] };

describe("k3sFlags", () => {
  it("has each flag and each short form once, in the order of names", () => {
    const names = k3sFlags.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    const aliases = k3sFlags.flatMap(({ alias }) => alias ?? []);
    expect(new Set(aliases).size).toBe(aliases.length);
  });

  it.each([
    ["v1.24.0+k3s1", "server", 108],
    ["v1.36.3+k3s1", "server", 126],
    ["v1.24.0+k3s1", "agent", 40],
    ["v1.36.3+k3s1", "agent", 46],
  ] as const)("knows how many flags %s %s has", (version, role, count) => {
    expect(flagsOf(minorOf(version) ?? 0, role)).toHaveLength(count);
  });
});

describe("minorOf", () => {
  it.each([
    ["v1.36.3+k3s1", 36],
    ["1.24.2", 24],
    ["v1.37.0-rc.0", 37],
    ["v2.0.0", undefined],
    ["20260817", undefined],
  ])("reads %s", (version, minor) => expect(minorOf(version)).toBe(minor));
});

describe("keyProblems", () => {
  const server = { minor: 36, role: "server" } as const;

  it.each<[string, Record<string, unknown>, { minor: number; role: "server" | "agent" }, string]>([
    ["a misspelt key", { "kubelet-args": [] }, server, "k3s has no flag --kubelet-args; did you mean kubelet-arg?"],
    ["what nobody knows", { "frobnicate-all": 1 }, server, "k3s has no flag --frobnicate-all"],
    [
      "a key of a newer k3s",
      { "embedded-registry": true },
      { minor: 25, role: "server" },
      "k3s 1.25 has no flag --embedded-registry: it came with 1.26",
    ],
    [
      "a key that was removed, with what replaces it",
      { "cluster-secret": "x" },
      { minor: 30, role: "server" },
      "k3s 1.30 has no flag --cluster-secret any more: 1.25 was the last with it; use token",
    ],
    [
      "a removed key without replacement",
      { "multi-cluster-cidr": true },
      server,
      "k3s 1.36 has no flag --multi-cluster-cidr any more: 1.28 was the last with it",
    ],
    [
      "a server's key on an agent",
      { disable: ["traefik"] },
      { minor: 36, role: "agent" },
      "--disable is a flag of k3s server, not of k3s agent",
    ],
    [
      "a flag that agents got later than servers",
      { "enable-pprof": true },
      { minor: 26, role: "agent" },
      "k3s 1.26 has no flag --enable-pprof: it came with 1.27",
    ],
    ["a short form", { d: "/data" }, server, "is the short form of a flag: write data-dir"],
    [
      "a short form also of a k3s that is newer than the table",
      { d: "/data" },
      { minor: 40, role: "server" },
      "is the short form of a flag: write data-dir",
    ],
    [
      "a removed key also of a k3s that is newer than the table",
      { "no-deploy": ["traefik"] },
      { minor: 40, role: "server" },
      "k3s 1.40 has no flag --no-deploy any more: 1.25 was the last with it; use disable",
    ],
    ["another type", { debug: "yes" }, server, 'expected a boolean, got "yes"'],
    ["a duration without a unit", { "etcd-s3-timeout": "5" }, server, 'expected a duration such as 5m0s, got "5"'],
    ["a secret of another type", { "agent-token": ["s3cret"] }, server, "expected a string, got another type"],
    [
      "a scalar that appends",
      { "cluster-domain+": "a" },
      server,
      "only list flags can be appended to; cluster-domain is a string",
    ],
  ])("tells %s", (_title, config, check, reason) => {
    expect(keyProblems(config, check)).toEqual([{ key: Object.keys(config)[0], reason }]);
  });

  it("leaves to a k3s that is newer than the table what only that can know", () => {
    const newer = { minor: knownMinors.newest + 1, role: "agent" } as const;
    const config = { "shiny-new": 1, "shiny-list+": ["a"], disable: ["traefik"], debug: "yes" };
    expect(keyProblems(config, newer)).toEqual([{ key: "debug", reason: 'expected a boolean, got "yes"' }]);
    expect(unjudgedKeys(config, newer)).toEqual(["shiny-new", "shiny-list+", "disable"]);
    expect(unjudgedKeys(config, { ...newer, minor: knownMinors.newest })).toEqual([]);
    expect(unjudgedKeys({ d: "/data", debug: true }, newer)).toEqual([]);
  });

  it("takes every flag that the version has, and refuses every other of the table", () => {
    fc.assert(
      fc.property(minors, roles, (minor, role) => {
        const all = Object.fromEntries(k3sFlags.map(({ name, kind }) => [name, samples[kind]]));
        const refused = new Set(keyProblems(all, { minor, role }).map(({ key }) => key));
        const taken = k3sFlags.filter(({ name }) => !refused.has(name));
        expect(taken).toEqual(flagsOf(minor, role));
      }),
    );
  });

  it("reports each bad key, whatever else is there", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^zz[a-z]{8,12}$/), fc.string(), { maxKeys: 4 }), (unknown) => {
        const found = keyProblems({ ...unknown, debug: true, "kubelet-arg+": ["v=2"] }, server);
        expect(found.map(({ key }) => key)).toEqual(Object.keys(unknown));
      }),
    );
  });

  it("never suggests what the version does not have", () => {
    const [problem] = keyProblems({ "embedded-registri": true }, { minor: 25, role: "server" });
    expect(problem?.reason).not.toContain("embedded-registry;");
    expect(problem?.reason).not.toMatch(/did you mean embedded-registry/);
  });
});

describe("keyWarnings", () => {
  it("names what takes the place of a flag from the version on that says so", () => {
    const config = { "helm-job-image": "x", debug: true };
    expect(keyWarnings(config, { minor: 35, role: "server" })).toEqual([]);
    expect(keyWarnings(config, { minor: 36, role: "server" })).toEqual([
      {
        key: "helm-job-image",
        reason: "--helm-job-image is deprecated; use helm-controller-arg: default-job-image=…",
      },
    ]);
  });

  it("says of a key that nobody here knows who is asked about it", () => {
    const newer = { minor: 37, role: "agent" } as const;
    expect(keyWarnings({ "kubelet-args": [], disable: [], "zz-shiny": 1, debug: true }, newer)).toEqual([
      {
        key: "kubelet-args",
        reason:
          "k3s agent 1.36, the newest that is known here, has no flag --kubelet-args; did you mean kubelet-arg? The k3s 1.37 itself is asked before anything is changed",
      },
      {
        key: "disable",
        reason:
          "k3s agent 1.36, the newest that is known here, has no flag --disable. The k3s 1.37 itself is asked before anything is changed",
      },
      {
        key: "zz-shiny",
        reason:
          "k3s agent 1.36, the newest that is known here, has no flag --zz-shiny. The k3s 1.37 itself is asked before anything is changed",
      },
    ]);
  });
});
