import { describe, expect, it } from "vitest";
import { coloured, diagnosticLines, elapsed, endedLine, plain, plannedLines, runningLine, summaryLine } from "./lines";
import { RunRecord, type ResourceRecord } from "./record";

const service: ResourceRecord = {
  urn: "urn:pulumi:dev::k3s-board::board:index:SystemdService::k3s",
  type: "board:index:SystemdService",
  name: "k3s",
  operation: "update",
  outcome: "planned",
  changed: ["files"],
  notes: [
    "/etc/rancher/k3s/config.yaml.d/10-board.yaml\n- disable: []\n+ disable: [coredns]",
    "k3s.service restarts: files",
  ],
  begun: 0,
};

describe("lines", () => {
  it("shows a planned change with its line diff and restart", () => {
    expect(plannedLines({ ...service, drift: "changed" }, plain)).toMatchInlineSnapshot(`
      "  ~  update  k3s (SystemdService): files [differs on the board]
             /etc/rancher/k3s/config.yaml.d/10-board.yaml
             - disable: []
             + disable: [coredns]
             k3s.service restarts: files"
    `);
  });

  it("shows running, finished and failed steps", () => {
    const running = { ...service, outcome: "running" as const, status: "waiting for node board to be Ready" };
    expect(runningLine(running, 45_000)).toBe(
      "k3s (SystemdService)  updating … 45 s: waiting for node board to be Ready",
    );
    expect(endedLine({ ...service, outcome: "done", seconds: 45.2 }, plain)).toBe(
      "  ~  k3s (SystemdService)  updated: files  45 s",
    );
    expect(endedLine({ ...service, outcome: "failed", seconds: 95 }, plain)).toBe(
      "  !! k3s (SystemdService)  updating failed  1 min 35 s",
    );
  });

  it("shows errors with all their lines", () => {
    const text = diagnosticLines(
      { severity: "error", urn: service.urn, message: "did not start:\njournal line" },
      plain,
    );
    expect(text).toBe("  error: k3s: did not start:\n       journal line");
  });

  it("sums up", () => {
    expect(summaryLine(new RunRecord())).toBe("+0 ~0 -0, 0 unchanged");
  });

  it("colours only when asked to", () => {
    expect(plannedLines(service, plain)).not.toContain("\x1b");
    expect(plannedLines(service, coloured)).toContain("\x1b[32m+ disable: [coredns]\x1b[0m");
  });

  it.each([
    [0.44, "0.4 s"],
    [9.96, "10.0 s"],
    [45.4, "45 s"],
    [185, "3 min 05 s"],
  ])("writes %d seconds as %s", (seconds, text) => expect(elapsed(seconds)).toBe(text));
});
