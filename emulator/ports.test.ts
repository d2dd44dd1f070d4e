import { createServer } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { devPorts, findPort, isFree, preferredPort } from "./ports";

describe("preferredPort", () => {
  it("is stable, above the ports of services and below those of outgoing connections", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(99), (text, attempt) => {
        const port = preferredPort(text, attempt);
        expect(preferredPort(text, attempt)).toBe(port);
        expect(port).toBeGreaterThanOrEqual(20_000);
        expect(port).toBeLessThan(30_000);
      }),
    );
  });
});

describe("findPort", () => {
  it("passes over ports in use and ports promised to others", async () => {
    const text = `ports.test ${process.pid}`;
    const first = await findPort(text);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: first }, resolve));
    try {
      expect(await isFree(first)).toBe(false);
      const second = await findPort(text);
      expect(second).not.toBe(first);
      expect(await findPort(text, new Set([second]))).not.toBe(second);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await findPort(text)).toBe(first);
  });

  it("leaves the ports of dev alone", () => {
    expect(Object.values(devPorts).every((port) => port < 20_000)).toBe(true);
  });
});
