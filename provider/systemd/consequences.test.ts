import { beforeEach, describe, expect, it, vi } from "vitest";
import { sampleContext } from "../sample-context";
import { consequences, parseProcess, processNotes } from "./consequences";
import { serviceInputs } from "./schema";

const interruptionNotes = vi.fn((..._args: unknown[]) => Promise.resolve(["1 pod runs there"]));
vi.mock("../kubernetes/interruption", () => ({
  interruptionNotes: (...args: unknown[]) => interruptionNotes(...args),
}));

/** As a board printed it. */
const printed = `hostname=licheepi
newer=/etc/rancher/k3s/config.yaml.d/99-mine.yaml
newer=/etc/rancher/k3s/config.yaml
newer=/etc/rancher/k3s/config.yaml
reload=yes
==
# /etc/systemd/system/k3s.service
[Service]
ExecStart=/usr/local/bin/k3s server
`;

describe("a process and the disk", () => {
  it("are read and told apart", () => {
    const process = parseProcess(printed);
    expect(process).toMatchObject({ hostname: "licheepi", needsDaemonReload: true });
    expect(process.units).toMatch(/^# \/etc\/systemd\/system\/k3s.service\n/);
    expect(processNotes("k3s.service", process)).toEqual([
      "systemd runs k3s.service by unit files that have changed since (NeedDaemonReload)",
      "k3s.service runs with what /etc/rancher/k3s/config.yaml was before: the file is newer than the process",
      "k3s.service runs with what /etc/rancher/k3s/config.yaml.d/99-mine.yaml was before: the file is newer than the process",
    ]);
  });

  it("are the same where the board says nothing", () => {
    expect(processNotes("k3s.service", parseProcess("hostname=b\n==\n"))).toEqual([]);
    expect(parseProcess("")).toEqual({ hostname: "", newer: [], needsDaemonReload: false, units: "" });
  });
});

describe("the pods of a service's node", () => {
  const own = { host: "w1.example", hostKeys: ["ssh-ed25519 AAAA"] };
  const cluster = {
    connection: { ...own, host: "server.example" },
    kubeconfig: "/etc/rancher/k3s/k3s.yaml",
    node: "w1",
  };
  const local = { kind: "kubernetes", kubeconfig: "/etc/rancher/k3s/k3s.yaml" };
  const boards = new Map(
    ["w1.example", "server.example"].map((host) => [
      host,
      { label: host, ask: () => Promise.resolve({ code: 0, stdout: printed, stderr: "" }) },
    ]),
  );
  const context = sampleContext({}, [], { board: ({ host }) => Promise.resolve(boards.get(host) as never) });
  const notes = (more: object) =>
    consequences(context, serviceInputs.parse({ connection: own, name: "k3s-agent", ...more }), () => false, undefined);
  const command = ["/usr/local/bin/k3s", "server"];

  beforeEach(() => {
    interruptionNotes.mockClear();
  });

  it.each<[string, object, string, string]>([
    ["an agent's", { cluster }, "server.example", "restart"],
    ["one that is drained", { drain: { ...cluster, timeoutSeconds: 60 } }, "server.example", "drained restart"],
  ])("are asked for where its cluster is known: %s", async (_title, more, host, interruption) => {
    expect(await notes(more)).toContain("1 pod runs there");
    const asked = { board: boards.get(host), kubeconfig: cluster.kubeconfig, name: "w1" };
    expect(interruptionNotes).toHaveBeenCalledWith(asked, interruption, command);
  });

  it("are asked for at the service's own API server, and are none of a service that is no node's", async () => {
    await notes({ health: local });
    const asked = { board: boards.get("w1.example"), kubeconfig: local.kubeconfig, names: ["licheepi"] };
    expect(interruptionNotes).toHaveBeenCalledWith(asked, "restart", command);
    expect(await notes({})).not.toContain("1 pod runs there");
  });
});
