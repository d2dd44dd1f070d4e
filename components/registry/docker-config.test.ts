import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { dockerConfigPath, dockerLogin, helperFor, keysOf, parseDockerConfig, storedLogin } from "./docker-config";

const directory = mkdtempSync(join(tmpdir(), "docker-config-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const auth = (login: string) => Buffer.from(login).toString("base64");
const parse = (config: object) => parseDockerConfig(JSON.stringify(config), "config.json");

/** Writes a configuration of Docker; returns its path. */
function configFile(config: object): string {
  const path = join(directory, "config.json");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** A credential helper on PATH, a shell script that keeps what it was asked. */
function helper(name: string, script: string): string {
  const path = join(directory, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\necho "$@" > ${directory}/args\ncat > ${directory}/asked\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv("PATH", `${directory}:${process.env.PATH}`);
  return path;
}
const asked = () => readFileSync(join(directory, "asked"), "utf8").trim();

describe("storedLogin", () => {
  it.each([
    ["ghcr.io", { "ghcr.io": { auth: auth("me:pa:ss") } }, { username: "me", password: "pa:ss" }],
    ["docker.io", { "https://index.docker.io/v1/": { auth: auth("me:x") } }, { username: "me", password: "x" }],
    [
      "r.example:5000",
      { "https://r.example:5000/v2/": { username: "u", password: "p" } },
      { username: "u", password: "p" },
    ],
    ["r.example", { "r.example": { auth: auth("u:"), identitytoken: "t" } }, { username: "<token>", password: "t" }],
    ["r.example", { "r.example": {} }, undefined],
    ["r.example", { "other.example": { auth: auth("u:p") } }, undefined],
  ])("%s", (host, auths, expected) => expect(storedLogin(parse({ auths }), host)).toEqual(expected));
});

describe("helperFor", () => {
  const config = parse({ credHelpers: { "ghcr.io": "gh" }, credsStore: "store" });
  it("prefers the registry's own helper to the general one", () => {
    expect(helperFor(config, "ghcr.io")).toEqual({ helper: "gh", server: "ghcr.io" });
    expect(helperFor(config, "docker.io")).toEqual({ helper: "store", server: "https://index.docker.io/v1/" });
    expect(helperFor(parse({}), "ghcr.io")).toBeUndefined();
  });
});

describe("parseDockerConfig", () => {
  it("names what is wrong, and quotes no secret", () => {
    expect(() => parseDockerConfig('{"auths": {"a": {"auth": "c2VjcmV0"', "x.json")).toThrow(/x\.json is not JSON/);
    expect(() => parse({ auths: { a: { auth: 7 } } })).toThrow(/auths\.a\.auth: /);
    expect(() => parse({ credsStore: "../evil" })).toThrow("credsStore: expected the part");
  });

  it("lives where Docker looks", () => {
    expect(dockerConfigPath({ DOCKER_CONFIG: "/etc/docker" })).toBe("/etc/docker/config.json");
    expect(dockerConfigPath({})).toMatch(/\/\.docker\/config\.json$/);
  });

  it("knows every name of Docker Hub", () => {
    expect(keysOf("index.docker.io")).toEqual(keysOf("docker.io"));
  });
});

describe("dockerLogin", () => {
  it("is nothing where there is no configuration", async () => {
    expect(await dockerLogin("ghcr.io", join(directory, "none.json"))).toBeUndefined();
  });

  it("asks the helper on its standard input", async () => {
    helper("good", `echo '{"ServerURL":"x","Username":"me","Secret":"s3cret"}'`);
    const path = configFile({ credsStore: "good" });
    expect(await dockerLogin("docker.io", path)).toEqual({ username: "me", password: "s3cret" });
    expect(asked()).toBe("https://index.docker.io/v1/");
    expect(readFileSync(join(directory, "args"), "utf8").trim()).toBe("get");
  });

  it("takes the file's login where the helper has none", async () => {
    helper("empty", "echo 'credentials not found in native keychain'; exit 1");
    const path = configFile({ credsStore: "empty", auths: { "ghcr.io": { auth: auth("me:p") } } });
    expect(await dockerLogin("ghcr.io", path)).toEqual({ username: "me", password: "p" });
    expect(await dockerLogin("quay.io", path)).toBeUndefined();
  });

  it("says which helper fails, without what it printed", async () => {
    helper("bad", "echo topsecret; exit 3");
    const failed = dockerLogin("ghcr.io", configFile({ credsStore: "bad" }));
    await expect(failed).rejects.toThrow(/docker-credential-bad does not tell the login for ghcr\.io \(exit code 3\)/);
    await expect(failed).rejects.not.toThrow("topsecret");
    helper("odd", "echo topsecret");
    const odd = dockerLogin("ghcr.io", configFile({ credHelpers: { "ghcr.io": "odd" } }));
    await expect(odd).rejects.toThrow("answers something else than a login");
  });
});
