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
    // Pulumi.yaml has the other section too, with nothing in it
    [{}, { k3s: {}, kubeadm: { version: "v1.36.3" } }, "remove"],
    [{}, { kubeadm: { version: "v1.36.3" } }, "remove"],
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
    expect(depthLines("keepData", "k3s").join("\n")).toMatch(
      /continues the same cluster[^]*what stays: the data directory/,
    );
    expect(depthLines("purge", "k3s").join("\n")).toMatch(/destroy with purge:[^]*those of others stay/);
  });

  it("speaks of kubeadm where there is no k3s", () => {
    for (const depth of ["remove", "purge"] as const) {
      const text = depthLines(depth, "kubeadm").join("\n");
      expect(text).toMatch(/kubeadm resets each node[^]*etcd/);
      expect(text).not.toMatch(/k3s|rancher/);
    }
  });
});
