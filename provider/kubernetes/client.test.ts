import type { Socket } from "node:net";
import { CoreV1Api } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { type SampleServer, tcpServer } from "../ssh/sample-servers";
import { kubernetesClient } from "./client";

const kubeconfig = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443" } }],
  users: [{ name: "u", user: { token: "t" } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  "current-context": "x",
});

it("says nothing of what is in a kubeconfig that cannot be read", async () => {
  const board = { label: "board" } as Board;
  const connecting = kubernetesClient(board, "users:\n- name: u\n  user: { token: s3cret\n");
  await expect(connecting).rejects.toThrow("board: the kubeconfig cannot be read");
  await expect(connecting).rejects.not.toThrow("s3cret");
});

describe("kubernetesClient", () => {
  let server: SampleServer;
  afterEach(() => server.stop());

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ["says nothing, not even in the handshake", (socket) => socket.resume(), /did not answer in 0\.2 s/],
    ["breaks off in the handshake", (socket) => socket.once("data", () => socket.end()), /disconnected|ECONNRESET/],
  ])("does not wait for an API server that %s", async (_title, answer, message) => {
    server = await tcpServer(answer);
    const board = { label: "board", forward: server.channel } as unknown as Board;
    const client = await kubernetesClient(board, kubeconfig, 0.2);
    await expect(client.api(CoreV1Api).listNode()).rejects.toThrow(message);
    // the next request does not stand behind one that will never have a connection
    await expect(client.objects.list({ apiVersion: "v1", kind: "Node" }, {})).rejects.toThrow(message);
  });
});
