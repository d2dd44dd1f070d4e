import { describe, expect, it } from "vitest";
import { RunRecord } from "../events/record";
import { outputLines, plainOutputs, runReport } from "./report";

describe("outputs", () => {
  const outputs = {
    kubeconfig: { value: "apiVersion: v1\nkind: Config\n", secret: true },
    board: { value: { arch: "riscv64" }, secret: false },
  };

  it("masks secrets unless they are asked for", () => {
    expect(plainOutputs(outputs, false)).toEqual({ kubeconfig: "[secret]", board: { arch: "riscv64" } });
    expect(plainOutputs(outputs, true).kubeconfig).toContain("kind: Config");
  });

  it("prints values sorted, long ones in lines of their own", () => {
    expect(outputLines(plainOutputs(outputs, true))).toEqual([
      '  board: {"arch":"riscv64"}',
      "  kubeconfig:\n    apiVersion: v1\n    kind: Config",
    ]);
  });
});

describe("runReport", () => {
  it("is complete for a run without resources", () => {
    expect(
      runReport("preview", "dev", "succeeded", new RunRecord(), 1.23456, {
        roundTrips: 3,
        imagesBuilt: 0,
        bytesPushed: 12,
        findings: [],
      }),
    ).toEqual({
      command: "preview",
      stack: "dev",
      result: "succeeded",
      summary: {
        ...{ create: 0, update: 0, delete: 0, replace: 0, same: 0, changes: false, restarts: [] },
        touches: { files: [], units: [], reboots: false },
      },
      resources: [],
      diagnostics: [],
      durationSeconds: 1.235,
      roundTrips: 3,
      imagesBuilt: 0,
      bytesPushed: 12,
      findings: [],
    });
  });
});
