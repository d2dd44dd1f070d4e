import { describe, expect, it } from "vitest";
import { goesNote } from "../touches";
import { connectionArgs } from "../ssh/connection-args";
import { absentMode, removalNotes, serviceDifference } from "./changes";
import { serviceInputs, type ServiceState } from "./schema";

const connection = connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] });
const drain = { connection, kubeconfig: "/etc/rancher/k3s/k3s.yaml", node: "one", timeoutSeconds: 60 };
const base = {
  connection,
  name: "k3s",
  unit: "[Service]\n",
  files: [{ path: "/etc/rancher/k3s/config.yaml", content: "a: 1\n" }],
  restartTriggers: { binary: "1" },
};
const wanted = (changes: object = {}) => serviceInputs.parse({ ...base, ...changes });
const there = (changes: object = {}): ServiceState => ({
  ...wanted(),
  unsettled: false,
  needsDaemonReload: false,
  programReplaced: false,
  ...changes,
});
const no = () => false;

describe("serviceDifference", () => {
  it.each<[string, Partial<ServiceState>, object, string[], string[]]>([
    ["nothing", {}, {}, [], []],
    [
      "a trigger",
      {},
      { restartTriggers: { binary: "2" } },
      ["restartTriggers"],
      ["k3s.service restarts: binary changes"],
    ],
    ["a trigger that is no longer given", {}, { restartTriggers: {} }, [], []],
    ["a time-out", {}, { timeoutSeconds: 7 }, [], []],
    ["it does not run", { running: false }, {}, ["running"], ["k3s.service starts: it is not running"]],
    [
      "it does not start at boot",
      { enabled: false, unit: "[Install]\n" },
      { unit: "[Install]\n" },
      ["enabled"],
      ["k3s.service is enabled: it starts at boot"],
    ],
    ["it shall stop", {}, { running: false }, ["running"], ["k3s.service stops"]],
    ["a killed run", { unsettled: true }, {}, ["running"], ["k3s.service restarts: an earlier change was interrupted"]],
    [
      "a run that was killed at its very end",
      { unfinished: true },
      {},
      ["running"],
      ["what an interrupted change of k3s.service left is removed; nothing restarts for that"],
    ],
    [
      "a node that is to be drained",
      {},
      { restartTriggers: { binary: "2" }, drain },
      ["restartTriggers"],
      [
        "k3s.service restarts: binary changes",
        "node one is cordoned and drained before that, for 60 s at most, and uncordoned afterwards",
      ],
    ],
    ["a node that is to be drained, and nothing restarts", {}, { drain }, [], []],
    [
      "a node that is to be drained, and k3s does not run",
      { running: false },
      { drain },
      ["running"],
      ["k3s.service starts: it is not running"],
    ],
    [
      "a node that a killed run had cordoned",
      { cordoned: true },
      { drain },
      ["drain"],
      ["node one is uncordoned: an earlier run had cordoned it and was interrupted"],
    ],
    [
      "one that is not to be drained any more",
      { cordoned: true, drain },
      {},
      ["drain"],
      ["node one is uncordoned: an earlier run had cordoned it and was interrupted"],
    ],
    [
      "an unread unit",
      { needsDaemonReload: true },
      {},
      ["unit"],
      ["k3s.service restarts: its unit files changed after systemd had read them"],
    ],
    [
      "a unit",
      {},
      { unit: "[Service]\nType=notify\n" },
      ["unit"],
      [
        "k3s.service restarts: /etc/systemd/system/k3s.service changes",
        "/etc/systemd/system/k3s.service changes:\n  [Service]\n+ Type=notify",
      ],
    ],
    [
      "a file that is gone",
      {
        files: [{ path: "/etc/rancher/k3s/config.yaml", content: "", mode: absentMode, owner: "root", group: "root" }],
      },
      {},
      ["files"],
      ["k3s.service restarts: /etc/rancher/k3s/config.yaml changes", "/etc/rancher/k3s/config.yaml is new:\n+ a: 1"],
    ],
    [
      "a file that is no longer ours",
      {},
      { files: [] },
      ["files"],
      [
        "k3s.service restarts: /etc/rancher/k3s/config.yaml is no longer ours",
        goesNote("/etc/rancher/k3s/config.yaml"),
      ],
    ],
    [
      "a mode",
      {},
      { files: [{ ...base.files[0], mode: "0600" }] },
      ["files"],
      ["/etc/rancher/k3s/config.yaml gets mode 0600 and owner root:root; nothing restarts for that"],
    ],
    [
      "a content that is not known yet",
      {},
      { files: [{ ...base.files[0], content: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }] },
      ["files"],
      [
        "k3s.service restarts: /etc/rancher/k3s/config.yaml changes",
        "/etc/rancher/k3s/config.yaml may change: its content is known after other resources are updated",
      ],
    ],
  ])("%s", (_title, found, goal, changed, notes) => {
    expect(serviceDifference(there(found), wanted(goal), no)).toEqual({ changed, notes });
  });

  const program = { path: "/opt/k3s", source: "k3s", sha256: "a".repeat(64), version: "v1.36.3" };
  const installed = serviceInputs.parse({ ...base, program }).program;
  it.each<[string, Partial<ServiceState>, object, string[], string[]]>([
    ["the same", { program: installed }, { program }, [], []],
    [
      "a first one",
      { running: false },
      { program },
      ["running", "program"],
      ["k3s.service starts: /opt/k3s changes, it is not running", "/opt/k3s is new: v1.36.3 (sha256 aaaaaaaaaaaa…)"],
    ],
    [
      "another one",
      { program: installed },
      { program: { ...program, sha256: "b".repeat(64), version: "v1.36.4" } },
      ["program"],
      [
        "k3s.service restarts: /opt/k3s changes",
        "/opt/k3s changes: v1.36.3 (sha256 aaaaaaaaaaaa…) becomes v1.36.4 (sha256 bbbbbbbbbbbb…)",
      ],
    ],
    [
      "only its mode",
      { program: installed },
      { program: { ...program, mode: "0700" } },
      ["program"],
      ["/opt/k3s gets mode 0700 and owner root:root; nothing restarts for that"],
    ],
    [
      "a resource of its own before",
      { restartTriggers: { binary: "a".repeat(64) } },
      { program, restartTriggers: {} },
      ["program"],
      ["/opt/k3s stays as it is and belongs to the service from now on, also where a resource of its own is deleted"],
    ],
    [
      "replaced after the start",
      { program: installed, programReplaced: true },
      { program },
      ["program"],
      ["k3s.service restarts: /opt/k3s was replaced after it started"],
    ],
    [
      "none any more",
      { program: installed },
      {},
      ["program"],
      ["k3s.service restarts: /opt/k3s is no longer ours", goesNote("/opt/k3s")],
    ],
  ])("program: %s", (_title, found, goal, changed, notes) => {
    const difference = serviceDifference(there(found), wanted(goal), no);
    expect({ changed: [...difference.changed].sort(), notes: difference.notes }).toEqual({
      changed: [...changed].sort(),
      notes,
    });
  });

  it("does not show a secret, and replaces for another unit", () => {
    const goal = wanted({ files: [{ path: "/etc/rancher/k3s/config.yaml", content: "token: x\n" }] });
    const { notes } = serviceDifference(there(), goal, (path) => path === "files[0].content");
    expect(notes).toEqual([
      "k3s.service restarts: /etc/rancher/k3s/config.yaml changes",
      "/etc/rancher/k3s/config.yaml changes; its content is secret",
    ]);
    expect(serviceDifference(there(), wanted({ name: "k3s-agent" }), no)).toEqual({ changed: [], replaces: ["name"] });
  });
});

describe("removalNotes", () => {
  const files = [goesNote("/etc/systemd/system/k3s.service"), goesNote("/etc/rancher/k3s/config.yaml")];
  it.each<[string, Partial<ServiceState>, string[]]>([
    ["a unit of ours", {}, ["k3s.service stops"]],
    [
      "one that ran before",
      { wasUp: true, wasEnabled: true },
      ["k3s.service restarts: what was there before us comes back"],
    ],
    [
      "one that started at boot before, and not since",
      { enabled: false, wasUp: false, wasEnabled: true },
      ["k3s.service stops", "k3s.service is enabled: it starts at boot"],
    ],
    [
      "one that did not start at boot before",
      { wasUp: false, wasEnabled: false },
      ["k3s.service stops", "k3s.service is disabled: it does not start at boot"],
    ],
  ])("of %s", (_case, state, notes) => expect(removalNotes(there(state))).toEqual([...notes, ...files]));
});
