import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { kubeconfig, withServer } from "./kubeconfig";

const text = `clusters:
- name: default
  cluster: { server: "https://127.0.0.1:6443", certificate-authority-data: Y2E= }
users:
- name: default
  user: { client-key-data: s3cret-key }
`;
const server = "https://192.0.2.7:6443";

describe("withServer", () => {
  it("changes the address and nothing else", () => {
    expect(load(withServer(text, server))).toEqual({
      clusters: [{ name: "default", cluster: { server, "certificate-authority-data": "Y2E=" } }],
      users: [{ name: "default", user: { "client-key-data": "s3cret-key" } }],
    });
  });
});

describe("a kubeconfig that is half written", () => {
  const inputs = {
    connection: connectionArgs.parse({ host: "board", hostKeys: ["ssh-ed25519 AAAA"] }),
    path: "/etc/rancher/k3s/k3s.yaml",
    server,
  };
  const read = (content: string) => {
    const board = {
      label: "root@board:22",
      file: () => Promise.resolve({ kind: "file", content: Buffer.from(content) }),
    };
    return kubeconfig.read(sampleContext(board), "id", { ...inputs, kubeconfig: "" });
  };

  it.each([text.slice(0, -3), "users: [", "a"])("is told without a word of it: %j", async (content) => {
    const reading = read(content);
    await expect(reading).rejects.toThrow(
      "root@board:22: /etc/rancher/k3s/k3s.yaml cannot be used: it is no kubeconfig with clusters.",
    );
    await expect(reading).rejects.not.toThrow("s3cret");
  });
});
