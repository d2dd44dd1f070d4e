import type { EngineEvent } from "@pulumi/pulumi/automation";
import { describe, expect, it } from "vitest";
import { plainMessage, RunRecord, urnName } from "./record";

const urn = "urn:pulumi:dev::k3s-board::board:index:Server$board:index:SystemdService::k3s";

/** An event as the engine sends it; only what the record looks at. */
function step(
  kind: "resourcePreEvent" | "resOutputsEvent" | "resOpFailedEvent",
  op: string,
  states: { old?: object; new?: object } = {},
  extra: object = {},
): EngineEvent {
  const state = (inputs?: object) => (inputs ? { custom: true, inputs, outputs: inputs } : undefined);
  return {
    sequence: 0,
    timestamp: 0,
    [kind]: {
      metadata: { op, urn, type: "board:index:SystemdService", old: state(states.old), new: state(states.new) },
      ...extra,
    },
  };
}

function log(message: string, severity = "info", extra: object = {}): EngineEvent {
  return {
    sequence: 0,
    timestamp: 0,
    diagnosticEvent: { urn, message, severity, color: "never", ...extra },
  } as EngineEvent;
}

function replay(events: EngineEvent[]): RunRecord {
  const record = new RunRecord();
  events.forEach((event, index) => record.apply(event, index * 1000));
  return record;
}

describe("RunRecord", () => {
  it("knows what was shown to be interrupted, by resource: what an agreement is about", () => {
    const planned = (op: string, ...notes: string[]) => [
      ...notes.map((note) => log(note)),
      step("resourcePreEvent", op, { old: { unit: "b" }, new: { unit: "a" } }),
      step("resOutputsEvent", op, { old: { unit: "b" }, new: { unit: "a" } }, { planning: true }),
    ];
    const notes = ["k3s.service restarts: unit changes", "the board reboots: an update asks for it"];
    expect(replay(planned("update", ...notes)).interruptions).toEqual({ [urn]: ["k3s.service", "board"] });
    expect(replay(planned("update", "/etc/a changes:\n+ b")).interruptions).toEqual({});
    // what stays as it is was not agreed to
    expect(replay(planned("same", ...notes)).interruptions).toEqual({});
  });

  it("reads a preview with drift: what differs, notes once, restarts", () => {
    const record = replay([
      step("resourcePreEvent", "refresh", { old: { unit: "a" }, new: { unit: "a" } }),
      step("resOutputsEvent", "refresh", { old: { unit: "a" }, new: { unit: "b" } }, { planning: true }),
      log("k3s.service restarts: unit changes\n"),
      step("resourcePreEvent", "update", { old: { unit: "b" }, new: { unit: "a" } }),
      log("k3s.service restarts: unit changes\n"),
      step("resOutputsEvent", "update", { old: { unit: "b" }, new: { unit: "a" } }, { planning: true }),
      { sequence: 0, timestamp: 0, summaryEvent: { result: "succeeded" } } as unknown as EngineEvent,
    ]);
    expect(record.resources).toMatchObject([
      {
        name: "k3s",
        operation: "update",
        outcome: "planned",
        changed: ["unit"],
        drift: "changed",
        notes: ["k3s.service restarts: unit changes"],
        seconds: 2,
      },
    ]);
    expect(record.restarts).toEqual(["k3s.service"]);
    expect(record.refreshed).toBe(1);
    expect(record.result).toBe("succeeded");
  });

  it("counts and tells the steps of a replacement as one", () => {
    const steps = [
      step("resourcePreEvent", "delete-replaced", { old: { path: "/a" } }),
      step("resOutputsEvent", "delete-replaced", { old: { path: "/a" } }),
      step("resourcePreEvent", "replace", { old: { path: "/a" }, new: { path: "/b" } }),
      step("resOutputsEvent", "replace", { old: { path: "/a" }, new: { path: "/b" } }),
      step("resourcePreEvent", "create-replacement", { old: { path: "/a" }, new: { path: "/b" } }),
      step("resOutputsEvent", "create-replacement", { old: { path: "/a" }, new: { path: "/b" } }),
    ];
    const told = new RunRecord();
    const ends = steps.flatMap((event) => told.apply(event)).filter(({ kind }) => kind === "ended");
    expect(ends).toHaveLength(1);
    const record = replay(steps);
    expect(record.changes).toHaveLength(1);
    expect(record.counts()).toMatchObject({ replace: 1, create: 0, delete: 0 });
  });

  it("keeps a failure failed and its message apart from the notes", () => {
    const record = replay([
      step("resourcePreEvent", "create", { new: { unit: "a" } }),
      log("waiting for k3s.service", "info", { ephemeral: true }),
      log("<{%fg 1%}>k3s.service did not start<{%reset%}>\n", "error"),
      step("resOpFailedEvent", "create", { new: { unit: "a" } }),
    ]);
    expect(record.resources).toMatchObject([{ outcome: "failed", notes: [], seconds: 3 }]);
    expect(record.resources[0]?.status).toBeUndefined();
    expect(record.diagnostics).toEqual([{ severity: "error", urn, message: "k3s.service did not start" }]);
  });

  it("does not call a provider crashed that has printed nothing, and keeps what one has printed", () => {
    const ended =
      "Detected that /opt/provider/pulumi-resource-board exited prematurely. \n" +
      "       This is *always* a bug in the provider. Please report the issue to the provider author as appropriate.\n" +
      "       To assist with debugging we have dumped the STDOUT and STDERR streams of the plugin:";
    expect(replay([log(ended, "error")]).diagnostics).toMatchObject([
      { severity: "warning", message: expect.stringContaining("did not answer within half a second") as string },
    ]);
    const crashed = `${ended}\nRangeError: Invalid time value\n`;
    expect(replay([log(crashed, "error")]).diagnostics).toMatchObject([{ severity: "error", message: crashed.trim() }]);
  });

  it("sees that a resource is gone, and that one was not there before", () => {
    const record = replay([
      step("resourcePreEvent", "refresh", { old: { unit: "a" }, new: { unit: "a" } }),
      step("resOutputsEvent", "refresh", { old: { unit: "a" } }, { planning: true }),
      step("resourcePreEvent", "create", { new: { unit: "a" } }),
      step("resOutputsEvent", "create", { new: { unit: "a" } }, { planning: true }),
    ]);
    expect(record.resources).toMatchObject([{ operation: "create", drift: "gone", changed: [] }]);
  });

  it("keeps what the provider says before the first step, and drops debug messages", () => {
    const record = replay([
      log("+ disable: coredns"),
      log("ssh", "debug"),
      step("resourcePreEvent", "create", { new: {} }),
    ]);
    expect(record.resources[0]?.notes).toEqual(["+ disable: coredns"]);
    expect(record.diagnostics).toHaveLength(1);
  });
});

describe("names and messages", () => {
  it("takes the last part of a URN", () => expect(urnName(urn)).toBe("k3s"));
  it.each([
    [
      "Unhandled exception: Error: k3s.source: no file\n    at k3sBinary (binary.ts:41:33)\n    at run",
      "k3s.source: no file",
    ],
    ["Unhandled exception: TypeError: x\n    at f", "Unhandled exception: TypeError: x\n    at f"],
    ["invocation of board:index:getFacts returned an error: root@b:22: unreachable", "root@b:22: unreachable"],
  ])("says what the program meant: %j", (said, meant) => expect(plainMessage(said)).toBe(meant));
  it("drops colour directives", () => expect(plainMessage("<{%fg 1%}>a<{%reset%}> b \n")).toBe("a b"));
});
