import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { dockerFiles } from "./docker";

const config = { cgroupDriver: "systemd", registryMirrors: [], insecureRegistries: [] } as const;
const files = (...args: Parameters<typeof dockerFiles>) =>
  dockerFiles(...args).map(({ path, content }) => ({
    path,
    content: pulumi.Output.isInstance(content) ? "secret" : (content as string),
  }));
const json = (text: string | undefined) => JSON.parse(text ?? "") as unknown;

describe("dockerFiles", () => {
  it("writes daemon.json and what of it is ours", () => {
    const [daemon, ours, ...more] = files({ ...config }, { daemonJson: '{"debug": true}' });
    expect(daemon?.path).toBe("/etc/docker/daemon.json");
    expect(json(daemon?.content)).toEqual({ debug: true, "exec-opts": ["native.cgroupdriver=systemd"] });
    expect(ours?.path).toBe("/etc/docker/k3s-board-daemon.json");
    expect(json(ours?.content)).toEqual({ "exec-opts": ["native.cgroupdriver=systemd"] });
    expect(more).toEqual([]);
  });
  it("finds the second time what it wrote the first", () => {
    const given = { ...config, registryMirrors: ["http://mirror.lan"] };
    const first = files(given, { daemonJson: '{"debug": true, "registry-mirrors": ["http://old.lan"]}' });
    const second = files(given, { daemonJson: first[0]?.content ?? "", ownPart: first[1]?.content ?? "" });
    expect(second).toEqual(first);
  });
  it.each([
    ["http://registry.lan:5000", ["registry.lan:5000"]],
    ["http://127.0.0.1:5000", undefined],
    ["https://registry.lan", undefined],
  ])("the registry at %s", (url, insecure) => {
    const [daemon] = files({ ...config }, {}, { endpoint: { url } });
    expect(json(daemon?.content)).toMatchObject({
      "exec-opts": ["native.cgroupdriver=systemd"],
      ...(insecure === undefined ? {} : { "insecure-registries": insecure }),
    });
    if (insecure === undefined) expect(json(daemon?.content)).not.toHaveProperty("insecure-registries");
  });
  it("asks it for images of docker.io where it has some", () => {
    const given = { ...config, registryMirrors: ["https://other.lan"] };
    const [daemon] = files(given, {}, { endpoint: { url: "http://127.0.0.1:5000" }, isMirror: true });
    expect(json(daemon?.content)).toMatchObject({ "registry-mirrors": ["http://127.0.0.1:5000", "https://other.lan"] });
  });
  it("puts the CA where Docker looks for it", () => {
    expect(files({ ...config }, {}, { endpoint: { url: "https://registry.lan:5443" }, ca: "PEM" })[2]).toEqual({
      path: "/etc/docker/certs.d/registry.lan:5443/ca.crt",
      content: "PEM",
    });
  });
  it("keeps a login of others secret", () => {
    const [daemon] = files({ ...config }, { daemonJson: '{"proxies": {"http-proxy": "http://me:pw@proxy:3128"}}' });
    expect(daemon?.content).toBe("secret");
  });
});
