import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { takesBlob } from "./bench-registry";
import { measured, parseReport } from "./measure";

const directory = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("measured", () => {
  it.runIf(process.platform === "linux")("counts what children of the command read and wrote", async () => {
    const script = "bash -c 'head -c 3000000 /dev/zero | cat > /dev/null'; echo done";
    const { cost, output } = await measured(["bash", "-c", script], { directory, registries: [] });
    expect(output).toBe("done\n");
    expect(cost.read).toBeGreaterThan(6_000_000);
    expect(cost.written).toBeGreaterThan(6_000_000);
    expect(cost.read).toBeLessThan(8_000_000);
    expect(cost.cpuSeconds).toBeLessThanOrEqual(2 * cost.seconds);
    expect(cost).toMatchObject({ sent: 0, received: 0, requests: 0, blobs: 0 });
  });

  it("fails with what the command said", async () => {
    const failing = measured(["bash", "-c", "echo no such image >&2; exit 3"], { directory, registries: [] });
    await expect(failing).rejects.toThrow(/exit code 3\nno such image/);
  });
});

describe("parseReport", () => {
  it("refuses half a report", () => {
    expect(() => parseReport("time 1.0 2.0\nrchar: 1\n")).toThrow("no whole account");
  });
});

describe("takesBlob", () => {
  const line = (request: string, status: number) =>
    `127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "${request} HTTP/1.1" ${status} 0 "" "Go-http-client/1.1"`;

  it("counts blobs that came whole from the client", () => {
    const upload = "/v2/bench/sample/blobs/uploads/";
    expect(takesBlob(line(`PUT ${upload}5f?_state=a&digest=sha256%3Ab`, 201))).toBe(true);
    expect(takesBlob(line(`PUT ${upload}5f?_state=a&digest=sha256%3Ab`, 400))).toBe(false);
    expect(takesBlob(line(`PATCH ${upload}5f?_state=a`, 202))).toBe(false);
    expect(takesBlob(line(`POST ${upload}?mount=sha256:b&from=a`, 201))).toBe(false);
    expect(takesBlob(line("PUT /v2/bench/sample/manifests/1", 201))).toBe(false);
  });
});
