import { describe, expect, it } from "vitest";
import { planSetting } from "../plan";
import { blacklistFile, kernelModules, loadFile } from "./kernel-modules";

const seen = { files: {}, originals: {}, output: "", before: {}, unfinished: false };
const wanted = { "br-netfilter": "loaded", overlay: "loaded", pcspkr: "blacklisted" };

describe("kernel modules", () => {
  it("load those that are missing, and write both files", () => {
    const plan = planSetting(kernelModules, wanted, {}, { ...seen, output: "overlay\npcspkr\n" });
    expect(plan.apply).toEqual({ "br-netfilter": "loaded", pcspkr: "blacklisted" });
    expect(plan.edits).toEqual({
      [loadFile]: "br-netfilter\noverlay\n",
      [blacklistFile]: "blacklist pcspkr\ninstall pcspkr /bin/false\n",
    });
    expect(kernelModules.apply(plan.apply, seen)).not.toContain("pcspkr");
  });

  it("know a module by either spelling, and one that is blacklisted and loaded as waiting for a boot", () => {
    const files = {
      [loadFile]: "br-netfilter\noverlay\n",
      [blacklistFile]: "blacklist pcspkr\ninstall pcspkr /bin/false\n",
    };
    const there = { ...seen, files, output: "br_netfilter\noverlay\npcspkr\n" };
    expect(planSetting(kernelModules, wanted, wanted, there).isEmpty).toBe(true);
    expect(kernelModules.waitsForBoot?.(wanted, there)).toEqual([
      "kernel module pcspkr is blacklisted and still loaded",
    ]);
    expect(kernelModules.waitsForBoot?.(wanted, { ...there, output: "overlay\n" })).toEqual([]);
  });
});
