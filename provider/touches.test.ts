import { describe, expect, it } from "vitest";
import { goesNote, restartsIn, touchesIn } from "./touches";

describe("touchesIn", () => {
  it("reads files, units and reboots from the first lines of notes, each once", () => {
    expect(
      touchesIn([
        "k3s.service restarts: /etc/a changes, /etc/b is no longer ours",
        "k3s.service is enabled at boot",
        "registry.service stops",
        "demo.service may restart: what it reads is known after other resources are updated",
        "/etc/a changes:\n- /etc/c changes\n+ demo.service stops",
        "/etc/a changes; its content is secret",
        "/etc/with space is new:\n+ a",
        "/etc/m gets mode 0600 and owner root:root; nothing restarts for that",
        goesNote("/etc/b"),
        "/usr/local/bin/k3s stays as it is and belongs to the service from now on",
        "the board reboots: an update asks for it",
      ]),
    ).toEqual({
      files: ["/etc/a", "/etc/b", "/etc/m", "/etc/with space"],
      units: ["demo.service restarts", "k3s.service is enabled", "k3s.service restarts", "registry.service stops"],
      reboots: true,
    });
  });
});

describe("restartsIn", () => {
  it("finds units and reboots", () => {
    expect(
      restartsIn([
        "k3s.service restarts: config.yaml.d/10-board.yaml changes",
        "registry.service will restart",
        "demo.service starts: it is not running",
        "the board reboots: cgroup_memory=1",
        "+ disable: [coredns]",
        "nothing about k3s.service restarts here",
      ]),
    ).toEqual(["k3s.service", "registry.service", "board"]);
  });
});
