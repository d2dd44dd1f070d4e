import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { chooseKubeconfigFile, expiryText, KubeconfigProblem, mergeKubeconfig, withoutStack } from "./kubeconfig-merge";

const given = `apiVersion: v1
kind: Config
clusters: [{ name: default, cluster: { server: "https://board:6443" } }]
users: [{ name: default, user: { client-key-data: a2V5 } }]
contexts: [{ name: default, context: { cluster: default, user: default } }]
current-context: default
`;
const existing = `apiVersion: v1
kind: Config
preferences: { colors: true }
clusters: [{ name: work, cluster: { server: "https://work" } }]
users: [{ name: work, user: { token: t } }]
contexts: [{ name: work, context: { cluster: work, user: work, namespace: shop } }]
current-context: work
`;

describe("mergeKubeconfig", () => {
  it("adds the stack as a context of its name and keeps everything else", () => {
    expect(load(mergeKubeconfig(existing, given, "board"))).toEqual({
      ...(load(existing) as object),
      clusters: [
        { name: "work", cluster: { server: "https://work" } },
        { name: "k3s-board-board", cluster: { server: "https://board:6443" } },
      ],
      users: [
        { name: "work", user: { token: "t" } },
        { name: "k3s-board-board", user: { "client-key-data": "a2V5" } },
      ],
      contexts: [
        { name: "work", context: { cluster: "work", user: "work", namespace: "shop" } },
        { name: "board", context: { cluster: "k3s-board-board", user: "k3s-board-board" } },
      ],
    });
  });

  it("is the same the second time, and undone by withoutStack", () => {
    const once = mergeKubeconfig(existing, given, "board");
    expect(mergeKubeconfig(once, given, "board")).toBe(once);
    expect(load(withoutStack(once, "board") ?? "")).toEqual(load(existing));
    expect(withoutStack(existing, "board")).toBeUndefined();
  });

  it("is the current context where there is none", () => {
    expect(load(mergeKubeconfig(undefined, given, "board"))).toMatchObject({ "current-context": "board" });
    expect(load(withoutStack(mergeKubeconfig("", given, "board"), "board") ?? "")).toMatchObject({
      "current-context": "",
      contexts: [],
    });
  });

  it("leaves a context of that name alone that is not ours", () => {
    expect(() => mergeKubeconfig(existing, given, "work")).toThrow(KubeconfigProblem);
    expect(() => withoutStack(existing, "work")).toThrow(/of the cluster work/);
    expect(() => mergeKubeconfig("- 1", given, "board")).toThrow("not a kubeconfig");
  });
});

describe("chooseKubeconfigFile", () => {
  it.each([
    [undefined, "/home/me/.kube/config"],
    ["/a:/b", "/b"],
    ["/a:/there:/b", "/there"],
  ])("KUBECONFIG=%s is %s", (variable, file) => {
    expect(chooseKubeconfigFile(variable, "/home/me", (path) => path === "/there")).toBe(file);
  });
});

describe("expiryText", () => {
  const expires = new Date("2027-11-21T10:00:00Z");
  it.each([
    ["2026-11-21T10:00:00Z", "its certificate expires on 2027-11-21"],
    ["2027-11-19T10:00:00Z", /expires on 2027-11-21, in 2 days: `npm run kubeconfig -- --rotate` has k3s make another/],
    ["2027-12-01T10:00:00Z", /has expired on 2027-11-21: `npm run kubeconfig -- --rotate`/],
  ])("at %s", (now, text) => {
    expect(expiryText(expires, new Date(now), "k3s")).toMatch(text);
  });

  it("says of kubeadm, which renews nothing by itself, what does", () => {
    const text = expiryText(expires, new Date("2027-11-19T10:00:00Z"), "kubeadm");
    expect(text).toMatch(/in 2 days: `kubeadm certs renew all` .* static pods .*run up, then this again$/);
    expect(text).not.toContain("k3s");
    expect(expiryText(expires, new Date("2026-11-21T10:00:00Z"), "kubeadm")).not.toContain("renew");
  });
});
