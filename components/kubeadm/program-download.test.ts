import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { silentProgress } from "../../tools/progress";
import { writeTar } from "../images/tar";
import { downloadedProgram } from "./program-download";

let cache: string;
let served: Readonly<Record<string, Buffer>>;
let asked: string[];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end(served[request.url ?? ""]);
});

beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), "program-download-"));
  vi.stubEnv("K3S_BOARD_CACHE", cache);
  asked = [];
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
  await new Promise((closed) => server.close(closed));
});

const address = (path: string) => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
  sha256: createHash("sha256")
    .update(served[path] ?? "")
    .digest("hex"),
});
const archiveOf = (programs: Readonly<Record<string, string>>) =>
  gzipSync(
    writeTar(
      Object.entries(programs).map(([path, text]) => ({
        ...{ path, type: "file" as const, mode: 0o644, uid: 0, gid: 0 },
        content: Buffer.from(text),
      })),
    ),
  );

it("a program is downloaded once", async () => {
  served = { "/kubelet": Buffer.from("the kubelet") };
  for (let time = 0; time < 2; time += 1) {
    const local = await downloadedProgram("kubeadm.source.kubelet", "kubelet", address("/kubelet"), silentProgress);
    expect(local).toMatch(/\/kubelet$/);
    expect(readFileSync(local, "utf8")).toBe("the kubelet");
  }
  expect(asked).toEqual(["/kubelet"]);
});

it("an archive that several programs name is downloaded once, and each has its own", async () => {
  served = { "/containerd.tar.gz": archiveOf({ "bin/containerd": "of containerd", "bin/ctr": "of ctr" }) };
  for (const name of ["containerd", "ctr"]) {
    const path = `kubeadm.runtime.source.${name}`;
    const local = await downloadedProgram(path, name, address("/containerd.tar.gz"), silentProgress);
    expect(readFileSync(local, "utf8")).toBe(`of ${name}`);
    expect(statSync(local).mode & 0o777).toBe(0o755);
  }
  expect(asked).toEqual(["/containerd.tar.gz"]);
  const missing = "containerd-shim-runc-v2";
  await expect(
    downloadedProgram(`kubeadm.runtime.source.${missing}`, missing, address("/containerd.tar.gz"), silentProgress),
  ).rejects.toThrow(`kubeadm.runtime.source.${missing}.url: the archive has no file ${missing} in it`);
});

it("a program without an address is missing", async () => {
  await expect(downloadedProgram("kubeadm.source.kubelet", "kubelet", undefined, silentProgress)).rejects.toThrow(
    "kubeadm.source.kubelet: is missing",
  );
});
