import { describe, expect, it } from "vitest";
import { parseProcess, processNotes } from "./consequences";

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
