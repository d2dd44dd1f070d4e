import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configurationConflicts, type ConflictArgs } from "./conflicts";

const own = "/etc/rancher/k3s/config.yaml.d/50-k3s-board.yaml";
const early = "/etc/rancher/k3s/config.yaml";
const late = "/etc/rancher/k3s/config.yaml.d/90-own.yaml";
const conflicts = (files: Readonly<Record<string, string>>, changes: Partial<ConflictArgs> = {}) =>
  configurationConflicts({
    minor: 36,
    role: "server",
    ours: [{ path: own, text: "node-label: [a=1]\ntls-san: [board]\nwrite-kubeconfig-mode: '0600'\n" }],
    args: ["--disable=traefik", "--pause-image=p"],
    theirs: Object.entries(files).map(([path, text]) => ({ path, text })),
    section: "k3s.config",
    ...changes,
  });
const none = { refusals: [], warnings: [] };

describe("the board's own files", () => {
  it("may have what the stack does not set", () => {
    expect(
      conflicts({ [early]: "flannel-backend: host-gw\ntoken: s3cret\n", [late]: "kubelet-arg: [max-pods=50]\n" }),
    ).toEqual(none);
    expect(conflicts({ "/etc/rancher/k3s/config.yaml.d/README": "node-label: [b=2]\n" })).toEqual(none);
  });

  it.each<[string, string, string, RegExp]>([
    [
      "a later value",
      late,
      "# mine\nwrite-kubeconfig-mode: '0644'\n",
      /90-own\.yaml:2: write-kubeconfig-mode takes the place of what the stack sets \(k3s\.config\.write-kubeconfig-mode\)/,
    ],
    ["a later list", late, "tls-san: [other]\n", /90-own\.yaml:1: tls-san takes the place/],
    [
      "more that is disabled",
      early,
      "disable: [coredns]\n",
      /config\.yaml:1: disable is decided by the stack: take it out there and use k3s\.disable/,
    ],
    ["another registries.yaml", early, "private-registry: /etc/r.yaml\n", /use registry/],
    [
      "a place that is counted on",
      early,
      "data-dir: /mnt/k3s\n",
      /data-dir is something that the stack counts on: move it to k3s\.config\.data-dir/,
    ],
    ["its short form", early, "d: /mnt/k3s\n", /config\.yaml:1: data-dir is something/],
    ["what is no YAML", early, "a: [\n", /config\.yaml is no YAML: k3s does not start with it/],
  ])("refuses %s", (_what, path, text, reason) => {
    const { refusals, warnings } = conflicts({ [path]: text });
    expect(warnings).toEqual([]);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatch(reason);
  });

  it.each<[string, string, string, RegExp]>([
    [
      "an earlier value that loses",
      early,
      "write-kubeconfig-mode: '0644'\n",
      /config\.yaml:1: write-kubeconfig-mode has no effect/,
    ],
    ["what the command line takes", late, "pause-image: q\n", /90-own\.yaml:1: pause-image has no effect/],
    ["a later value that is the same", late, "write-kubeconfig-mode: '0600'\n", /is what the stack sets too/],
    ["a later addition", late, "tls-san+: [other]\n", /90-own\.yaml:1: tls-san adds to the list that the stack sets/],
    [
      "a key that nobody knows",
      early,
      "node-labels: [a]\n",
      /config\.yaml:1: k3s 1\.36 is not known to have a flag --node-labels: a server/,
    ],
  ])("warns of %s", (_what, path, text, reason) => {
    const { refusals, warnings } = conflicts({ [path]: text });
    expect(refusals).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(reason);
  });

  it("does not mind what comes to the same", () => {
    expect(
      conflicts({
        [early]: "data-dir: /var/lib/rancher/k3s\ndocker: false\ncluster-domain: cluster.local\ndisable: traefik\n",
      }),
    ).toEqual(none);
  });

  it("are not read where the environment names another file, and neither are the stack's", () => {
    const { refusals } = conflicts(
      { [early]: "data-dir: /mnt\n" },
      { environment: { K3S_CONFIG_FILE: "/etc/k3s.yaml" } },
    );
    expect(refusals).toEqual([expect.stringMatching(/names \/etc\/k3s\.yaml as K3S_CONFIG_FILE/)]);
    expect(conflicts({}, { environment: { K3S_CONFIG_FILE: early } })).toEqual(none);
  });

  it.each([
    [
      "a place that is counted on",
      { K3S_DATA_DIR: "/mnt/k3s" },
      /variable K3S_DATA_DIR: data-dir is something .* move it to k3s\.config\.data-dir/,
    ],
    ["an external datastore", { K3S_DATASTORE_ENDPOINT: "(set)" }, /datastore-endpoint is something/],
    ["another name of the node", { K3S_NODE_NAME: "pi" }, /node-name is something/],
    [
      "another registry",
      { K3S_SYSTEM_DEFAULT_REGISTRY: "r.lan" },
      /K3S_SYSTEM_DEFAULT_REGISTRY: .* decided by the stack: take it out there and use delivery/,
    ],
  ])("of an environment are refused where they say %s", (_what, environment, reason) => {
    expect(conflicts({}, { environment })).toEqual({ refusals: [expect.stringMatching(reason)], warnings: [] });
  });

  it("of an environment do no harm where files say something else, or it comes to the same", () => {
    const environment = { K3S_DATA_DIR: "/var/lib/rancher/k3s", K3S_TOKEN: "(set)", K3S_NODE_NAME: "pi" };
    const ours = [{ path: own, text: "node-name: board\n" }];
    expect(conflicts({}, { environment, ours })).toEqual(none);
  });

  it.each([
    [
      "what kubelet does not start with",
      early,
      "debug: true\nkubelet-arg: [v=2, cloud-config=/c]\n",
      /config\.yaml:2: kubelet-arg: kubelet 1\.36 does not start with --cloud-config/,
    ],
    [
      "a backend that is gone",
      late,
      "flannel-backend: wireguard\n",
      /90-own\.yaml:1: flannel-backend: k3s 1\.36 does not start with this value/,
    ],
  ])("are refused where they bring %s, as the stack's own keys are", (_what, path, text, reason) => {
    expect(conflicts({ [path]: text })).toEqual({ refusals: [expect.stringMatching(reason)], warnings: [] });
    expect(conflicts({ [path]: text }, { minor: 26, ours: [] })).toEqual(none);
  });

  it("are judged as an agent's on an agent", () => {
    const { refusals } = conflicts(
      { [early]: "kubelet-arg: [pod-infra-container-image=p]\n" },
      { role: "agent", ours: [], args: [] },
    );
    expect(refusals).toEqual([expect.stringMatching(/config\.yaml:1: kubelet-arg: kubelet 1\.36/)]);
  });

  it("are never quoted: values may be secret", () => {
    const text = fc.constantFrom(
      "token",
      "tls-san",
      "disable",
      "data-dir",
      "write-kubeconfig-mode",
      "etcd-s3-secret-key",
      "nonsense",
    );
    fc.assert(
      fc.property(text, fc.constantFrom(early, late), fc.boolean(), (key, path, appends) => {
        const said = conflicts({ [path]: `${key}${appends ? "+" : ""}: [s3cret-value]\n` });
        expect(JSON.stringify(said)).not.toContain("s3cret-value");
      }),
    );
  });
});
