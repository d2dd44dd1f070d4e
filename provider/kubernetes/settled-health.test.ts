import { describe, expect, it } from "vitest";
import type { Health } from "./health";
import { settledHealth, settleSeconds } from "./settled-health";

const ready: Health = { ready: true, detail: "" };
const busy: Health = { ready: false, detail: "pod a: Running, not Ready\npod b: Running, not Ready" };

describe("the health of a cluster that was ready", () => {
  /** What comes of looks, of which the last repeats, in two seconds. */
  async function settle(...looks: readonly Health[]) {
    const left = [...looks];
    const reports: string[] = [];
    let seen = 0;
    const look = () => {
      seen += 1;
      return Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? busy);
    };
    const report = (detail: string, seconds: number) => reports.push(`${detail} (${seconds} s)`);
    return { health: await settledHealth(look, report, 2), seen, reports };
  }

  it.each([
    [300, 60],
    [900, 60],
    [2400, 160],
  ])("that has %d s to become ready has %d s to settle", (ready, seconds) => {
    expect(settleSeconds(ready)).toBe(seconds);
  });

  it("is looked at once where it is ready", async () => {
    expect(await settle(ready)).toEqual({ health: ready, seen: 1, reports: [] });
  });

  it("is the one that it settles to", async () => {
    const reports = ["pod a: Running, not Ready; pod b: Running, not Ready (2 s)"];
    expect(await settle(busy, ready)).toEqual({ health: ready, seen: 2, reports });
  });

  it("is not ready where it does not settle in time", async () => {
    const { health, seen } = await settle(busy);
    expect(health).toBe(busy);
    expect(seen).toBeGreaterThan(1);
  });

  it("is told soon where the API server does not answer, and not by one request that was missed", async () => {
    const silent: Health = { ready: false, detail: "Kubernetes API: connection refused", silent: true };
    expect(await settle(silent)).toEqual({ health: silent, seen: 2, reports: [] });
    expect(await settle(silent, ready)).toEqual({ health: ready, seen: 2, reports: [] });
  });
});
