import { expect, it, vi } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { boardSays, deploy, healthy, registered, withK3s } from "./mocked-engine";

const own = (text: string, path = "/etc/rancher/k3s/config.yaml") => ({ ...healthy, k3sFiles: [{ path, text }] });

it("a stack that the board's own files would make another one is refused before anything is registered", async () => {
  boardSays(own("tls-san: [other]\n", "/etc/rancher/k3s/config.yaml.d/90-own.yaml"));
  await expect(deploy()).rejects.toThrow(
    /^board\.example is not a board for this stack:\n {2}\/etc\/rancher\/k3s\/config\.yaml\.d\/90-own\.yaml:1: tls-san takes the place/,
  );
  boardSays({
    ...healthy,
    k3sEnvironment: { k3s: { K3S_CONFIG_FILE: "/etc/k3s.yaml" }, "k3s-agent": { K3S_CONFIG_FILE: "/etc/agent.yaml" } },
  });
  await expect(deploy()).rejects.toThrow(/k3s\.config: the environment of k3s names \/etc\/k3s\.yaml/);
  boardSays({ ...healthy, k3sEnvironment: { k3s: { K3S_NODE_NAME: "pi" } } });
  await expect(deploy()).rejects.toThrow(/K3S_NODE_NAME: node-name is something that the stack counts on/);
  expect(registered).toEqual([]);
});

it("what they say to no effect is a warning", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  boardSays(own("tls-san: [other]\ndisable: [traefik]\n"));
  await deploy(withK3s({ disable: ["traefik"] }));
  expect(warn.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(/^board\.example: .*config\.yaml:1: tls-san has no effect/),
  ]);
  warn.mockRestore();
});

it("a further server's board is looked at for what that server is given, and the first one's for the etcd", async () => {
  const file = "/etc/rancher/k3s/config.yaml.d/z.yml";
  boardSays(own("cluster-init: false\n", file), { "s2.example": own("server: https://other:6443\n", file) });
  const servers = { s2: { host: "s2.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" } };
  await expect(deploy({ servers })).rejects.toThrow(
    /z\.yml:1: cluster-init takes the place .*\n[^]*s2\.example is not a board .*\n.*z\.yml:1: server takes the place .*\(servers\.s2\.config\.server\)/,
  );
});

it("an agent's board is looked at as well, for what an agent is given", async () => {
  boardSays(healthy, {
    "worker.example": own("server: https://other:6443\nnode-name: n\n", "/etc/rancher/k3s/config.yaml.d/z.yml"),
  });
  const agents = { worker: { host: "worker.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" } };
  await expect(deploy({ agents })).rejects.toThrow(
    /z\.yml:1: server takes the place .*\n.*z\.yml:2: node-name takes the place of what the stack sets \(agents\.worker\.config\.node-name\)/,
  );
});
