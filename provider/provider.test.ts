import { describe, expect, it, vi } from "vitest";
import { BoardProvider } from "./provider";
import { wrap, type Path, type Properties } from "./secrets";

/** What the engine is told beside a resource whose state has one set of secrets and whose program gives another. */
async function told(type: string, old: [Properties, Path[]], wanted: [Properties, Path[]]): Promise<string> {
  const said: string[] = [];
  const log = {
    say: (_urn: string, _severity: string, message: string) => void said.push(message),
    flush: () => Promise.resolve(),
  };
  const boards = { at: () => ({ ask: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }) }), close: vi.fn() };
  const provider = new BoardProvider(boards as never, log as never, () => Promise.resolve([]));
  const urn = `urn:pulumi:test::test::board:index:${type}::one`;
  const connection = { host: "h", hostKeys: ["ssh-ed25519 AAAA"] };
  const sealed = ([properties, secrets]: [Properties, Path[]]) =>
    wrap({ connection, ...properties }, [["connection"], ...secrets]);
  const before = await provider.check(urn, { known: true }, sealed(old));
  const after = await provider.check(urn, before.inputs, sealed(wanted));
  expect([...before.problems, ...after.problems]).toEqual([]);
  await provider.diff(urn, before.inputs, after.inputs);
  return said.join("\n");
}

describe("a content that is secret no more", () => {
  const content = "configs:\n  r:\n    auth:\n      password: hunter2\n";

  it("is not shown beside a file", async () => {
    const notes = await told(
      "File",
      [{ path: "/etc/proxy", content }, [["content"]]],
      [{ path: "/etc/proxy", content: "configs: {}\n" }, []],
    );
    expect(notes).toBe("/etc/proxy changes; its content is secret");
  });

  it("is not shown beside a service, wherever the file is among its files", async () => {
    const registries = (text: string) => ({ path: "/etc/rancher/k3s/registries.yaml", content: text });
    const other = (text: string) => ({ path: "/etc/rancher/k3s/config.yaml", content: text });
    const notes = await told(
      "SystemdService",
      [{ name: "k3s", running: true, files: [other("a: 1\n"), registries(content)] }, [["files", 1, "content"]]],
      [{ name: "k3s", running: true, files: [registries("configs: {}\n"), other("a: 2\n")] }, []],
    );
    expect(notes).toContain("/etc/rancher/k3s/registries.yaml changes; its content is secret");
    expect(notes).toContain("/etc/rancher/k3s/config.yaml changes:\n- a: 1\n+ a: 2");
    expect(notes).not.toContain("hunter2");
  });

  it("is not shown beside a manifest", async () => {
    const path = "/var/lib/rancher/k3s/server/manifests/proxy.yaml";
    const notes = await told("Manifest", [{ path, content }, [["content"]]], [{ path, content: "configs: {}\n" }, []]);
    expect(notes).toBe(`${path} changes; its content is secret`);
  });

  it("is not shown by what leaves a manifest", async () => {
    const object = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
    const given = (text: string) => ({ kubeconfig: "/k", addon: "a", content: text });
    const notes = await told(
      "ManifestObjects",
      [given(object("hunter2")), [["content"]]],
      [given(object("other")), []],
    );
    expect(notes).not.toContain("hunter2");
  });
});

describe("a change that may not be made", () => {
  const log = { say: vi.fn(), flush: () => Promise.resolve() };
  const provider = () =>
    new BoardProvider({ at: vi.fn(), close: vi.fn() } as never, log as never, () => Promise.resolve([]));
  const urn = "urn:pulumi:test::test::board:index:Package::k3s-package";
  const given = (properties: Properties) =>
    wrap({ connection: { host: "h", hostKeys: ["ssh-ed25519 AAAA"] }, name: "k3s", ...properties }, [["connection"]]);
  const upgrade = { kind: "kubernetes", allowDowngrade: false };
  const state = given({ version: "1.34.2-1", upgrade, installedVersion: "1.34.2-1", installedByUs: true });
  const wanted = given({ version: "1.36.3-1", upgrade });

  it("is an error where the program asks for it", async () => {
    const asked = provider();
    const { inputs } = await asked.check(urn, given({ version: "1.34.2-1", upgrade }), wanted);
    await expect(asked.diff(urn, state, inputs)).rejects.toThrow(
      /^package k3s stays as it is: it cannot go from v1.34.2/,
    );
  });

  it("is none where a refresh has found it", async () => {
    expect(await provider().diff(urn, state, wanted)).toMatchObject({ changed: ["version"] });
  });
});
