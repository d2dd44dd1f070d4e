import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { download, downloadText } from "./download";

let directory: string;
let server: Server | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "download-"));
});
afterEach(async () => {
  rmSync(directory, { recursive: true, force: true });
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

const content = Buffer.from("content");
const sha256 = createHash("sha256").update(content).digest("hex");

describe("download", () => {
  it("keeps a file with the right digest", async () => {
    const url = await serve((_, response) => response.end(content));
    const path = join(directory, "file");
    await download(url, path, { sha256 });
    expect(readFileSync(path)).toEqual(content);
  });

  it.each<[string, RequestListener, string, { answerSeconds?: number; idleSeconds?: number }?]>([
    ["another content", (_, response) => response.end("other"), "expected " + sha256],
    ["a refusal", (_, response) => response.writeHead(404).end(), "the server answers 404"],
    ["silence", () => undefined, "no answer within 0.2 s", { answerSeconds: 0.2 }],
    ["a stall", (_, response) => response.write("half"), "stalled for 0.2 s", { idleSeconds: 0.2 }],
  ])("refuses %s and leaves no file", async (_name, listener, message, limits) => {
    const url = await serve(listener);
    const path = join(directory, "file");
    await expect(download(url, path, { sha256, ...limits })).rejects.toThrow(message);
    expect(existsSync(path)).toBe(false);
  });

  it("names the address and the cause when nobody is there", async () => {
    const url = await serve(() => undefined);
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    await expect(downloadText(url)).rejects.toThrow(/cannot download http:.*ECONNREFUSED/);
  });
});
