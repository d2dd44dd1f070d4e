import { describe, expect, it } from "vitest";
import { adoptionNotes, adoptionReasons } from "./adoption";
import { absentMode, serviceDifference } from "./changes";
import { serviceInputs, type ServiceState } from "./schema";

const wanted = serviceInputs.parse({
  connection: { host: "board", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
  name: "k3s",
  unit: "[Service]\nExecStart=/usr/local/bin/k3s server\n",
  files: [{ path: "/etc/rancher/k3s/registries.yaml", content: "mirrors:\n" }],
});
const same: ServiceState = { ...wanted, unsettled: false, needsDaemonReload: false, programReplaced: false };
const notes = (there: ServiceState, reasons: readonly string[] = []) =>
  adoptionNotes(
    wanted.name,
    serviceDifference(there, wanted, () => false, reasons),
    reasons,
  );

describe("adoptionNotes", () => {
  it("says that nothing restarts where nothing differs", () => {
    expect(notes(same)).toEqual([
      "k3s.service is there as it is wanted: it comes under this stack, and nothing restarts",
    ]);
  });

  it("shows what differs, line by line, without what sounds like a secret", () => {
    const there = {
      ...same,
      unit: "[Service]\nEnvironment=K3S_TOKEN=abc\nEnvironment=HTTPS_PROXY=http://me:word@proxy:3128\nExecStart=/usr/local/bin/k3s server --token abc\n",
      files: [
        {
          ...wanted.files[0]!,
          content: 'mirrors:\nconfigs:\n  "r:5000":\n    auth:\n      username: me\n      password: hunter2\n',
        },
      ],
    };
    const said = notes(there);
    expect(said.slice(0, 2)).toEqual([
      "k3s.service is there and comes under this stack; destroy gives it back as it is now",
      "k3s.service restarts: /etc/systemd/system/k3s.service changes, /etc/rancher/k3s/registries.yaml changes",
    ]);
    const text = said.join("\n");
    expect(text).toContain("- ExecStart=/usr/local/bin/k3s server --token ***");
    expect(text).toContain("- Environment=K3S_TOKEN=***");
    expect(text).toContain("http://***@proxy:3128");
    expect(text).toContain("-     auth:\n-       username: me\n-       password: ***");
    expect(text).not.toMatch(/abc|word@|hunter2/);
  });

  it("names a restart for what the service was started with", () => {
    expect(notes(same, ["it is taken over"])).toContain("k3s.service restarts: it is taken over");
    const stopped = { ...same, running: false, files: [{ ...wanted.files[0]!, mode: absentMode }] };
    expect(notes(stopped)[1]).toBe("k3s.service starts: /etc/rancher/k3s/registries.yaml changes, it is not running");
  });
});

describe("adoptionReasons", () => {
  it.each([
    ["never ours, no triggers", {}, "", []],
    ["never ours, with a trigger that nobody knows", { binary: "1" }, "", ["it is taken over"]],
    ["ours, started with the same triggers", { binary: "1" }, "now", []],
    ["ours, started with other triggers", {}, "then", ["it is taken over"]],
  ])("%s", (_title, restartTriggers, recorded, reasons) =>
    expect(adoptionReasons({ ...wanted, restartTriggers }, recorded, "now")).toEqual(reasons),
  );
});
