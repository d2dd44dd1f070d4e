import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultUrl, registriesConfig, registryName, repositoryIn, upstreamFor } from "./upstreams";

const nobody = () => Promise.resolve(undefined);
const somebody = (host: string) => Promise.resolve({ username: "me", password: `for ${host}` });

describe("names", () => {
  it.each([
    ["docker.io", "docker.io", "https://registry-1.docker.io"],
    ["index.docker.io", "docker.io", "https://registry-1.docker.io"],
    ["GHCR.io", "ghcr.io", "https://ghcr.io"],
    ["registry.example:5000", "registry.example:5000", "https://registry.example:5000"],
    ["localhost:5000", "localhost:5000", "http://localhost:5000"],
    ["127.0.0.1:5000", "127.0.0.1:5000", "http://127.0.0.1:5000"],
  ])("%s is %s at %s", (host, name, url) => {
    expect(registryName(host)).toBe(name);
    expect(defaultUrl(host)).toBe(url);
  });

  it("puts Docker Hub's own images under library/", () => {
    expect(repositoryIn("docker.io", "busybox")).toBe("library/busybox");
    expect(repositoryIn("index.docker.io", "rancher/mirrored-pause")).toBe("rancher/mirrored-pause");
    expect(repositoryIn("ghcr.io", "busybox")).toBe("busybox");
  });
});

describe("upstreamFor", () => {
  it("takes the configuration's address and login under any name of the registry", async () => {
    const config = registriesConfig.parse({
      "index.docker.io": { url: "http://127.0.0.1:5000/", username: "u", password: "p" },
    });
    const expected = { url: "http://127.0.0.1:5000", username: "u", password: "p" };
    expect(await upstreamFor("docker.io", config, somebody)).toEqual(expected);
  });

  it("takes the user's own login, for the registry itself only", async () => {
    expect(await upstreamFor("docker.io", {}, somebody)).toEqual({
      url: "https://registry-1.docker.io",
      username: "me",
      password: "for docker.io",
    });
    const mirrored = registriesConfig.parse({ "docker.io": { url: "http://mirror.example" } });
    expect(await upstreamFor("docker.io", mirrored, somebody)).toEqual({ url: "http://mirror.example" });
    expect(await upstreamFor("ghcr.io", mirrored, nobody)).toEqual({ url: "https://ghcr.io" });
  });

  it("reads the CA's certificate, and says where it should be", async () => {
    const directory = mkdtempSync(join(tmpdir(), "upstreams-"));
    const ca = join(directory, "ca.pem");
    writeFileSync(ca, "PEM");
    expect(await upstreamFor("r.example", { "r.example": { ca } }, nobody)).toEqual({
      url: "https://r.example",
      ca: "PEM",
    });
    rmSync(directory, { recursive: true });
    await expect(upstreamFor("r.example", { "r.example": { ca } }, nobody)).rejects.toThrow(
      /registries\.r\.example\.ca: .*ca\.pem cannot be read/,
    );
  });
});

describe("registriesConfig", () => {
  it.each([
    [{ "docker.io": { username: "u" } }, "expected both username and password"],
    [{ "docker.io": { url: "ftp://x" } }, "expected http://host:port"],
    [{ "docker.io": { url: "https://x.example/proxy" } }, "nothing behind it"],
    [{ "docker.io/library": {} }, "is not a registry as image names have it"],
    [{ "docker.io": { token: "x" } }, "Unrecognized key"],
  ])("refuses %j", (value, message) => {
    expect(JSON.stringify(registriesConfig.safeParse(value).error)).toContain(message);
  });

  it("takes the names that images can have in front", () => {
    const names = ["docker.io", "registry.example:5000", "localhost", "localhost:5000", "registry:5000", "[::1]:5000"];
    const registries = Object.fromEntries(names.map((name) => [name, {}]));
    expect(registriesConfig.safeParse(registries).success).toBe(true);
  });
});
