import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageMirrorsConfig } from "./config";
import { mirrorFiles } from "./files";
import { mirrorProblems } from "./mirrors";

const text = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZw==\n-----END PGP PUBLIC KEY BLOCK-----";
const scratch = mkdtempSync(join(tmpdir(), "k3s-board-keys-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const parsed = (mirror: object) => {
  const { lan } = packageMirrorsConfig.parse({ lan: mirror });
  if (lan === undefined) throw new Error("it is gone");
  return mirrorFiles("lan", lan);
};

describe("the files of a mirror", () => {
  it("are an entry of apt that trusts one key", () => {
    const mirror = {
      kind: "apt",
      url: "https://mirror.lan/debian",
      suites: ["trixie", "trixie-updates"],
      key: { text },
    };
    expect(parsed(mirror)).toEqual([
      { part: "key", path: "/etc/apt/keyrings/k3s-board-lan.asc", from: { content: `${text}\n` } },
      {
        part: "list",
        path: "/etc/apt/sources.list.d/k3s-board-lan.sources",
        from: {
          content: `Types: deb
URIs: https://mirror.lan/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /etc/apt/keyrings/k3s-board-lan.asc
`,
        },
      },
    ]);
  });

  it("have no components where the suite is a path", () => {
    const mirror = {
      kind: "apt",
      url: "http://mirror.lan/kubernetes/deb",
      suites: ["/"],
      architectures: ["arm64"],
      key: { path: "k" },
    };
    expect(() => parsed({ ...mirror, suites: ["a b"] })).toThrow();
    const [key, list] = parsed({ ...mirror, suites: ["stable/"] });
    expect(key?.from).toEqual({ source: "k" });
    expect(list?.from).toMatchObject({
      content: expect.stringMatching(/Suites: stable\/\nArchitectures: arm64\nSigned/) as string,
    });
  });

  it("are a repository of dnf whose packages are verified", () => {
    expect(parsed({ kind: "dnf", url: "https://mirror.lan/EPOL/$basearch/", key: { text }, priority: 10 })[1]).toEqual({
      part: "list",
      path: "/etc/yum.repos.d/k3s-board-lan.repo",
      from: {
        content: `[k3s-board-lan]
name=k3s-board lan
baseurl=https://mirror.lan/EPOL/$basearch/
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-k3s-board-lan
priority=10
`,
      },
    });
  });
});

describe("a key", () => {
  it.each([
    ["is missing", {}],
    ["is no key", { key: { text: "trust me" } }],
  ])("that %s is refused", (_title, wrong) => {
    expect(() => parsed({ kind: "dnf", url: "https://mirror.lan", ...wrong })).toThrow();
  });

  it("in a file is looked at", () => {
    writeFileSync(join(scratch, "good.asc"), text);
    writeFileSync(join(scratch, "bad.asc"), "binary");
    const mirror = (file: string) => ({ kind: "dnf", url: "https://mirror.lan", key: { path: join(scratch, file) } });
    const mirrors = { good: mirror("good.asc"), bad: mirror("bad.asc"), gone: mirror("gone.asc") };
    expect(mirrorProblems(packageMirrorsConfig.parse(mirrors))).toEqual([
      { path: "bad.key.path", reason: expect.stringContaining("is no armored public key") as string },
      { path: "gone.key.path", reason: expect.stringContaining("cannot be read (ENOENT") as string },
    ]);
  });
});
