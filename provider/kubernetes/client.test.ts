import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { type SampleServer, sampleServer, tcpServer } from "../ssh/sample-servers";
import { kubernetesClient } from "./client";

const kubeconfigOf = (cluster: object) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
const kubeconfig = kubeconfigOf({ server: "https://127.0.0.1:6443" });

/** A self-signed certificate for an address and nothing else, with its key. */
function certificateFor(address: string): { readonly key: Buffer; readonly cert: Buffer } {
  const directory = mkdtempSync(join(tmpdir(), "k3s-board-client-"));
  const [key, crt] = [join(directory, "key"), join(directory, "crt")];
  const subject = ["-subj", "/CN=kube-apiserver", "-addext", `subjectAltName=IP:${address}`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  try {
    execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", "-keyout", key, "-out", crt, ...subject], {
      stdio: "ignore",
    });
    return { key: readFileSync(key), cert: readFileSync(crt) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

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

  it("takes a certificate for the address that the kubeconfig names, and no other", async () => {
    const own = certificateFor("192.0.2.15");
    server = await sampleServer(
      createServer(own, (_request, response) => {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ kind: "NodeList", apiVersion: "v1", items: [] }));
      }),
    );
    const board = { label: "board", forward: server.channel } as unknown as Board;
    const list = async (address: string) => {
      const cluster = { server: `https://${address}:6443`, "certificate-authority-data": own.cert.toString("base64") };
      const client = await kubernetesClient(board, kubeconfigOf(cluster));
      return client.api(CoreV1Api).listNode();
    };
    expect((await list("192.0.2.15")).items).toEqual([]);
    await expect(list("192.0.2.16")).rejects.toThrow("does not match certificate's altnames");
  });
});
