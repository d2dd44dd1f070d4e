import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { registriesYaml } from "./registries";

describe("registriesYaml", () => {
  it("mirrors each registry once", () => {
    expect(load(registriesYaml(["docker.io", "ghcr.io", "docker.io"], { url: "http://127.0.0.1:5000" }))).toEqual({
      mirrors: {
        "docker.io": { endpoint: ["http://127.0.0.1:5000"] },
        "ghcr.io": { endpoint: ["http://127.0.0.1:5000"] },
      },
    });
  });

  it("keys credentials by host and port, as containerd looks them up", () => {
    const endpoint = { url: "https://registry.example:5000", username: "u", password: "p", caFile: "/ca.crt" };
    expect(load(registriesYaml(["docker.io"], endpoint))).toMatchObject({
      configs: { "registry.example:5000": { auth: { username: "u", password: "p" }, tls: { ca_file: "/ca.crt" } } },
    });
  });
});
