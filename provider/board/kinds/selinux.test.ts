import { describe, expect, it } from "vitest";
import { describeValues, planSetting } from "../plan";
import { editSelinux, parseSelinux, selinux, selinuxFile } from "./selinux";

describe("the configuration", () => {
  it.each([
    ["SELINUX=enforcing\nSELINUXTYPE=targeted\n", "enforcing"],
    ["# SELINUX=disabled\n SELINUX = Permissive \n", "permissive"],
    ["SELINUX=enforcing\nSELINUX=disabled\n", "disabled"],
    ["SELINUXTYPE=targeted\n", undefined],
  ])("of %j is read", (text, state) => {
    expect(parseSelinux(text)).toBe(state);
  });

  it.each([
    ["SELINUX=enforcing\nSELINUXTYPE=x\n", "SELINUX=disabled\nSELINUXTYPE=x\n"],
    ["SELINUXTYPE=x", "SELINUXTYPE=x\nSELINUX=disabled\n"],
    ["SELINUX=disabled\n", "SELINUX=disabled\n"],
  ])("%j becomes %j", (text, edited) => {
    expect(editSelinux(text, "disabled")).toBe(edited);
  });
});

/** Facts of boards: what the kernel says, what the file says, and what is to be. */
describe("a board with SELinux", () => {
  const seen = (enforce: string, config: string | null, before: Record<string, string> = {}) => {
    const files = { [selinuxFile]: config === null ? null : `SELINUX=${config}\n` };
    return { files, originals: files, output: enforce, before, unfinished: false };
  };

  it.each<[string, string, string | null, string, string, string]>([
    ["that enforces", "1", "enforcing", "permissive", "enforcing", "printf 0 >"],
    ["that enforces until a boot", "1", "disabled", "permissive", "enforcing, at boot disabled", "printf 0 >"],
    ["that is permissive until a boot", "0", "enforcing", "permissive", "permissive, at boot enforcing", ""],
    ["that enforces and is to be off", "1", "enforcing", "disabled", "enforcing", "printf 0 >"],
    ["whose kernel has it off", "", "enforcing", "disabled", "enforcing", ""],
  ])("%s", (_title, enforce, config, wish, found, script) => {
    const there = seen(enforce, config);
    const plan = planSetting(selinux, { selinux: wish }, {}, there);
    expect(plan.isEmpty).toBe(false);
    expect(describeValues(selinux, { selinux: wish }, there)).toEqual({ selinux: found });
    expect(selinux.apply(plan.apply, there)).toContain(script);
  });

  it.each<[string, string, string | null, string]>([
    ["permissive", "0", "permissive", "permissive"],
    ["to be off with the next boot", "0", "disabled", "disabled"],
    ["off", "", "disabled", "disabled"],
    ["not there", "", null, "disabled"],
  ])("%s is as it has to be", (_title, enforce, config, wish) => {
    expect(planSetting(selinux, { selinux: wish }, {}, seen(enforce, config)).isEmpty).toBe(true);
  });

  it("waits for a boot to be off, and to be on again", () => {
    expect(selinux.waitsForBoot?.({ selinux: "disabled" }, seen("0", "disabled"))).toEqual([
      "SELinux is on until a boot disables it",
    ]);
    expect(selinux.waitsForBoot?.({ selinux: "disabled" }, seen("", "disabled"))).toEqual([]);
    expect(selinux.waitsForBoot?.({}, seen("", "enforcing", { selinux: "enforcing" }))).toEqual([
      "SELinux is off, and enforcing again after a boot",
    ]);
  });
});
