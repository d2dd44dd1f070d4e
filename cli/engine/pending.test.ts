import { describe, expect, it } from "vitest";
import { interruptedSteps, outdatedCopies, parseState, settle } from "./pending";

const file = {
  urn: "urn:pulumi:dev::p::board:index:File::motd",
  type: "board:index:File",
  inputs: { path: "/etc/motd" },
};
const stack = { urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", type: "pulumi:pulumi:Stack" };
const pathOf = (_type: string, inputs: Readonly<Record<string, unknown>>) => inputs.path as string | undefined;

function state(pending: object[] | undefined, resources: object[] | null = [stack]) {
  return parseState(
    JSON.stringify({ version: 3, deployment: { manifest: { magic: "m" }, resources, pending_operations: pending } }),
  );
}

describe("settle", () => {
  it("lists a create that was interrupted, so that the refresh looks for it", () => {
    const settled = settle(state([{ type: "creating", resource: file }]), pathOf);
    expect(settled).toEqual({
      version: 3,
      deployment: {
        manifest: { magic: "m" },
        resources: [stack, { ...file, id: "/etc/motd", outputs: file.inputs }],
        pending_operations: [],
      },
    });
  });

  it("drops a create whose id cannot be told", () => {
    expect(settle(state([{ type: "creating", resource: file }]), () => undefined).deployment.resources).toEqual([
      stack,
    ]);
  });

  it("keeps resources that were being updated or deleted", () => {
    const before = state([{ type: "updating", resource: file }], [stack, { ...file, id: "/etc/motd" }]);
    expect(settle(before, pathOf).deployment.resources).toEqual(before.deployment.resources);
  });

  it("does not list a resource twice when its replacement was interrupted", () => {
    const before = state([{ type: "creating", resource: file }], [stack, { ...file, id: "/etc/motd" }]);
    expect(settle(before, pathOf).deployment.resources).toHaveLength(2);
  });
});

describe("interruptedSteps", () => {
  it("names them", () => {
    expect(interruptedSteps(state([{ type: "updating", resource: file }]))).toEqual([
      { urn: file.urn, type: file.type, step: "updating" },
    ]);
  });
  it("finds none in a settled or an empty state", () => {
    expect(interruptedSteps(state(undefined))).toEqual([]);
    expect(interruptedSteps(state([], null))).toEqual([]);
  });
});

describe("outdatedCopies", () => {
  const [old, newer, newest] = [
    "zebra-2026-11-01T08-00-00-000Z.json",
    "zebra-2026-11-02T08-00-00-000Z.json",
    "ant-2026-11-03T08-00-00-000Z.json",
  ];
  it("are the oldest, and not those of the stack that comes first in the alphabet", () => {
    expect(outdatedCopies([newest, old, newer], 3)).toEqual([old]);
    expect(outdatedCopies([newest, old, newer], 2)).toEqual([old, newer]);
  });
  it("are none while there is room", () => {
    expect(outdatedCopies([newest, old, newer], 4)).toEqual([]);
    expect(outdatedCopies([], 20)).toEqual([]);
  });
});
