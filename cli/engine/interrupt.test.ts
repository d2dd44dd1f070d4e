import { describe, expect, it } from "vitest";
import { judgeSignal, listenForSignals } from "./interrupt";

describe("judgeSignal", () => {
  it.each([
    ["the first", undefined, 1000, "cancel"],
    ["npm's copy of it", 1000, 1003, "echo"],
    ["a second one", 1000, 2500, "kill"],
  ])("%s", (_title, earlier, now, step) => expect(judgeSignal(earlier, now)).toBe(step));
});

describe("listenForSignals", () => {
  it("tells the engine at SIGTERM, and gives the signal back", () => {
    const said: string[] = [];
    const before = process.listenerCount("SIGTERM");
    const interruption = listenForSignals((text) => said.push(text));
    process.emit("SIGTERM", "SIGTERM");
    process.emit("SIGTERM", "SIGTERM");
    expect(interruption.signal.aborted).toBe(true);
    expect(interruption.interrupted).toBe(true);
    expect(said).toHaveLength(1);
    interruption.dispose();
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});
