import { describe, expect, it } from "vitest";
import { UsageError } from "../errors";
import { chooseDepth, depthLines } from "./destroy-depth";

describe("chooseDepth", () => {
  const k3s = { version: "v1.36.3+k3s1" };
  it.each([
    [{}, { k3s }, "remove"],
    [{}, { k3s: { ...k3s, onDestroy: "keepData" } }, "keepData"],
    [{ purge: true }, { k3s: { ...k3s, onDestroy: "keepData" } }, "purge"],
    [{ keepData: true }, { k3s }, "keepData"],
    // a project of others
    [{}, { probes: 3 }, undefined],
  ])("%j with %j: %s", (flags, values, depth) => expect(chooseDepth(flags, values)).toBe(depth));

  it("refuses opposites", () => {
    expect(() => chooseDepth({ keepData: true, purge: true }, { k3s })).toThrow(UsageError);
  });

  it("refuses to keep the data of a cluster of kubeadm, of which there is no word in an empty section", () => {
    const kubeadm = { version: "v1.36.3" };
    expect(() => chooseDepth({ keepData: true }, { k3s: {}, kubeadm })).toThrow(/--keep-data is for k3s/);
    expect(chooseDepth({ keepData: true }, { k3s, kubeadm: {} })).toBe("keepData");
  });
});

describe("depthLines", () => {
  it("names what stays and what goes", () => {
    expect(depthLines("keepData").join("\n")).toMatch(/continues the same cluster[^]*what stays: the data directory/);
    expect(depthLines("purge").join("\n")).toMatch(/destroy with purge:[^]*those of others stay/);
  });
});
