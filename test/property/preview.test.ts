import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunRecord } from "../../cli/events/record";
import { startPropertyBoard } from "./board";
import { checkStep, compare } from "./check";
import { configurationAfter, stepsOf } from "./edits";
import { parseSnapshot, touchedBetween } from "./snapshot";
import { PropertyStack } from "./stack";

const printed = (changes: Readonly<Record<string, string>> = {}) => {
  const {
    boot = "b1",
    domain = "(none)",
    sum = "0",
    invocation = "1",
    active = "active",
    enabled = "enabled",
    more = "",
  } = changes;
  return `${boot}
sysctl kernel.domainname=${domain}
hostname=board
==
/etc/a b\tf 644 root root ${more}
/etc/systemd/system/multi-user.target.wants/x.service\tl 777 root root /etc/x
==
${sum.repeat(64)}  /etc/a b
==
Id=x.service
ActiveState=${active}
UnitFileState=${enabled}
InvocationID=${invocation}

Id=user@0.service
ActiveState=active
UnitFileState=static
InvocationID=${invocation}
`;
};
const nothing = { files: [], units: [], values: [], reboots: false };

describe("a comparison of snapshots", () => {
  it.each<[string, Readonly<Record<string, string>>, object]>([
    ["nothing", {}, {}],
    ["a content", { sum: "1" }, { files: ["/etc/a b"] }],
    ["a restart", { invocation: "2" }, { units: ["x.service restarts"] }],
    ["a stop", { active: "inactive" }, { units: ["x.service stops"] }],
    ["a unit that is disabled", { enabled: "disabled" }, { units: ["x.service is disabled"] }],
    ["a value", { domain: "lan" }, { values: ["sysctl kernel.domainname"] }],
    ["a boot, with which all starts", { boot: "b2", invocation: "2" }, { reboots: true }],
  ])("finds %s", (_title, changes, found) => {
    expect(touchedBetween(parseSnapshot(printed()), parseSnapshot(printed(changes)))).toEqual({ ...nothing, ...found });
  });

  it.each([
    ["enabled", []],
    ["disabled", ["x.service starts"]],
  ])("takes a start with the boot for told where the unit was %s", (enabled, units) => {
    const [before, after] = [
      { enabled, active: "inactive" },
      { enabled, boot: "b2", invocation: "2" },
    ];
    expect(touchedBetween(parseSnapshot(printed(before)), parseSnapshot(printed(after)))).toEqual({
      ...nothing,
      reboots: true,
      units,
    });
  });

  it("says what was not told", () => {
    expect(
      compare(new RunRecord(), parseSnapshot(printed()), parseSnapshot(printed({ sum: "1", invocation: "2" }))),
    ).toEqual(["a file was touched and not told: /etc/a b", "a unit was touched and not told: x.service restarts"]);
  });
});

describe("previews of generated changes", () => {
  const steps = stepsOf(1, 6);
  let stack: PropertyStack;
  beforeAll(async () => {
    stack = await PropertyStack.on(await startPropertyBoard("property-sample"));
  });
  afterAll(() => stack.end());

  it.each(steps.map((step, index) => ({ index, step })))(
    "change $index: tells what it touches",
    async ({ index, step }) => {
      const { mismatches, story } = await checkStep(stack, step, configurationAfter(steps.slice(0, index + 1)));
      expect(mismatches, story.join("\n")).toEqual([]);
    },
  );
});
