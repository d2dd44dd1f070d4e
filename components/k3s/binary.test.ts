import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentProgress } from "../../tools/progress";
import { elfBytes } from "../images/elf-samples";
import { k3sBinary } from "./binary";

const program = elfBytes({ machine: 243 });
const sha256 = createHash("sha256").update(program).digest("hex");
const files: Readonly<Record<string, Buffer>> = { "/k3s": program, "/other": Buffer.from("not k3s") };

describe("a k3s that is downloaded", () => {
  let server: Server;
  let base: string;
  let asked: string[];
  let cache: string;
  beforeEach(async () => {
    cache = mkdtempSync(join(tmpdir(), "k3s-binary-"));
    vi.stubEnv("K3S_BOARD_CACHE", cache);
    asked = [];
    server = createServer(({ url = "" }, response) => {
      asked.push(url);
      const content = files[url];
      response.statusCode = content === undefined ? 404 : 200;
      response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true });
    await new Promise((resolve) => server.close(resolve));
  });

  const source = (url: string, ...mirrors: string[]) => ({
    url: `${base}${url}`,
    mirrors: mirrors.map((mirror) => `${base}${mirror}`),
    sha256,
  });

  it("comes from the first address that has it, once", async () => {
    const given = source("/gone", "/other", "/k3s", "/never");
    for (const _time of ["first", "second"]) {
      const binary = await k3sBinary(given, "riscv64", silentProgress);
      expect(binary).toMatchObject({ kind: "file", path: "/usr/local/bin/k3s" });
      expect(readFileSync("local" in binary ? binary.local : "")).toEqual(program);
    }
    expect(asked).toEqual(["/gone", "/other", "/k3s"]);
  });

  it("is refused with what each address said", async () => {
    const failed = k3sBinary(source("/gone", "/other"), "riscv64", silentProgress);
    await expect(failed).rejects.toThrow(
      /^k3s.source: the binary cannot be downloaded:\n.*\/gone.*404.*\n.*\/other.*sha256/,
    );
  });

  it("is refused where it is a program for another architecture", async () => {
    const failed = k3sBinary(source("/k3s"), "arm64", silentProgress);
    await expect(failed).rejects.toThrow(/k3s.source: .* is for riscv64, the board is arm64/);
  });
});
