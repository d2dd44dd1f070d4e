import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { daemonJsonText, mergedDaemonJson, ownPart, parseDaemonJson } from "./daemon-json";

const settings = (changes: Partial<Parameters<typeof ownPart>[0]> = {}) =>
  ownPart({ cgroupDriver: "systemd", registryMirrors: [], insecureRegistries: [], ...changes });

describe("mergedDaemonJson", () => {
  it("writes ours where nothing is", () => {
    const wanted = settings({ registryMirrors: ["http://127.0.0.1:5000"], insecureRegistries: ["127.0.0.1:5000"] });
    expect(daemonJsonText(mergedDaemonJson({}, {}, wanted))).toMatchInlineSnapshot(`
      "{
        "exec-opts": [
          "native.cgroupdriver=systemd"
        ],
        "registry-mirrors": [
          "http://127.0.0.1:5000"
        ],
        "insecure-registries": [
          "127.0.0.1:5000"
        ]
      }
      "
    `);
  });
  it("leaves keys and entries of others, and puts its cgroup driver in the place of another", () => {
    const there = {
      "data-root": "/mnt/docker",
      "log-opts": { "max-size": "10m" },
      "exec-opts": ["other=1", "native.cgroupdriver=cgroupfs"],
      "registry-mirrors": ["https://theirs.lan"],
    };
    expect(mergedDaemonJson(there, {}, settings({ registryMirrors: ["http://ours.lan"] }))).toEqual({
      "data-root": "/mnt/docker",
      "log-opts": { "max-size": "10m" },
      "exec-opts": ["other=1", "native.cgroupdriver=systemd"],
      "registry-mirrors": ["https://theirs.lan", "http://ours.lan"],
    });
  });
  it("takes back what was ours and is not wanted any more, and nothing else", () => {
    const before = settings({ registryMirrors: ["http://ours.lan"], insecureRegistries: ["ours.lan"] });
    const there = { ...before, "registry-mirrors": ["https://theirs.lan", "http://ours.lan"], debug: true };
    expect(mergedDaemonJson(there, before, settings())).toEqual({
      "exec-opts": ["native.cgroupdriver=systemd"],
      "registry-mirrors": ["https://theirs.lan"],
      debug: true,
    });
  });

  const names = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 3 });
  const part = fc
    .record({ mirrors: names, insecure: names, driver: fc.constantFrom("systemd", "cgroupfs") })
    .map(({ mirrors, insecure, driver }) =>
      settings({
        cgroupDriver: driver as "systemd",
        registryMirrors: [...new Set(mirrors)],
        insecureRegistries: [...new Set(insecure)],
      }),
    );
  const others = fc.dictionary(fc.constantFrom("debug", "data-root", "mtu"), fc.jsonValue());

  it("changes nothing the second time, whatever was there", () => {
    fc.assert(
      fc.property(others, part, part, (there, before, wanted) => {
        const once = mergedDaemonJson(there, before, wanted);
        expect(mergedDaemonJson(once, wanted, wanted)).toEqual(once);
        expect(once["exec-opts"]).toEqual(wanted["exec-opts"]);
        for (const [key, value] of Object.entries(there)) expect(once[key]).toEqual(value);
      }),
    );
  });
  it("comes back to what was there when nothing is ours any more", () => {
    fc.assert(
      fc.property(others, part, (there, ours) => {
        expect(mergedDaemonJson(mergedDaemonJson(there, {}, ours), ours, {})).toEqual(there);
      }),
    );
  });
});

describe("parseDaemonJson", () => {
  it("takes an absent or empty file for one without keys", () => {
    expect(parseDaemonJson(undefined, "/x")).toEqual({});
    expect(parseDaemonJson(" \n", "/x")).toEqual({});
  });
  it("refuses what it cannot read", () => {
    expect(() => parseDaemonJson("{", "/etc/docker/daemon.json")).toThrow(
      /^\/etc\/docker\/daemon\.json on the board is no JSON \(.*\): mend or remove it$/,
    );
    expect(() => parseDaemonJson("[]", "/x")).toThrow("/x on the board is no JSON object: mend or remove it");
  });
});
