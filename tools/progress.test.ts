import { afterEach, describe, expect, it, vi } from "vitest";
import { silentProgress, terminalProgress } from "./progress";

function record(isTTY: boolean) {
  const written: string[] = [];
  return {
    written,
    stream: { isTTY, columns: 60, write: (text: string | Uint8Array) => written.push(String(text)) > 0 },
  };
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("terminalProgress", () => {
  it("writes one line per step and a sign of life when piped", async () => {
    vi.useFakeTimers();
    const { written, stream } = record(false);
    const result = terminalProgress(stream).step("building", async (note) => {
      note("half of it");
      await vi.advanceTimersByTimeAsync(31_000);
      return 5;
    });
    expect(await result).toBe(5);
    expect(written).toEqual(["      ... building: half of it (30.0 s so far)\n", "    31.0 s  building: ok\n"]);
  });

  it("paints a live line on a terminal, with colours only when they are wanted", async () => {
    vi.useFakeTimers();
    vi.stubEnv("NO_COLOR", "1");
    const { written, stream } = record(true);
    await terminalProgress(stream).step("building", () => vi.advanceTimersByTimeAsync(1000));
    expect(written[0]).toBe("\r     0.2 s  building\x1b[K");
    expect(written.at(-1)).toBe("     1.0 s  building: ok\n");
  });

  it("shows a failure and passes it on", async () => {
    const { written, stream } = record(false);
    await expect(terminalProgress(stream).step("x", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(written.join("")).toContain("x: failed");
  });
});

describe("silentProgress", () => {
  it("runs the work", async () => expect(await silentProgress.step("x", () => Promise.resolve(1))).toBe(1));
});
