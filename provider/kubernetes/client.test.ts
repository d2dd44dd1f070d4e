import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { CoreV1Api } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { kubernetesClient } from "./client";

const kubeconfig = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443" } }],
  users: [{ name: "u", user: { token: "t" } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  "current-context": "x",
});

describe("kubernetesClient", () => {
  let server: Server | undefined;
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server?.close();
  });

  /** A board whose API server does with a connection what `answer` does. */
  async function boardWith(answer: (socket: Socket) => void): Promise<Board> {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      answer(socket);
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { label: "board", forward: () => Promise.resolve(connect(port, "127.0.0.1")) } as unknown as Board;
  }

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ["says nothing, not even in the handshake", (socket) => socket.resume(), /did not answer in 0\.2 s/],
    ["breaks off in the handshake", (socket) => socket.once("data", () => socket.end()), /disconnected|ECONNRESET/],
  ])("does not wait for an API server that %s", async (_title, answer, message) => {
    const client = await kubernetesClient(await boardWith(answer), kubeconfig, 0.2);
    await expect(client.api(CoreV1Api).listNode()).rejects.toThrow(message);
    // the next request does not stand behind one that will never have a connection
    await expect(client.objects.list({ apiVersion: "v1", kind: "Node" }, {})).rejects.toThrow(message);
  });
});
