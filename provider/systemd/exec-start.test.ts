import { describe, expect, it } from "vitest";
import { execStart, execStartNotes, parseUnitTexts, withOurs } from "./exec-start";

/** As `systemctl cat k3s.service` printed it, shortened. */
const printed = `# /etc/systemd/system/k3s.service
[Unit]
Description=Lightweight Kubernetes
[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s server

# /etc/systemd/system/k3s.service.d/10-k3s-board.conf
[Service]
ExecStart=
ExecStart=/usr/local/bin/k3s \\
    server \\
    --pause-image=a

# /etc/systemd/system/k3s.service.d/20-mine.conf
[Service]
Environment=GOGC=50
`;
const there = parseUnitTexts(printed);
const dropIn = (flags: string) => ({
  path: "/etc/systemd/system/k3s.service.d/10-k3s-board.conf",
  text: `[Service]\nExecStart=\nExecStart=/usr/local/bin/k3s server ${flags}\n`,
});

describe("ExecStart", () => {
  it("is what unit and drop-ins make of it", () => {
    expect(there.map(({ path }) => path.split("/").at(-1))).toEqual([
      "k3s.service",
      "10-k3s-board.conf",
      "20-mine.conf",
    ]);
    expect(execStart(there)).toEqual([["/usr/local/bin/k3s", "server", "--pause-image=a"]]);
    expect(execStart([{ path: "/x", text: "[Install]\nExecStart=/no\n" }])).toEqual([]);
  });

  it("is shown by its words where it changes", () => {
    const after = withOurs(there, [dropIn("--disable=coredns --pause-image=a")]);
    expect(execStartNotes("k3s.service", there, after)).toEqual([
      "ExecStart of k3s.service, as systemd will have it:\n  /usr/local/bin/k3s\n  server\n+ --disable=coredns\n  --pause-image=a",
    ]);
    expect(execStartNotes("k3s.service", there, withOurs(there, [dropIn("--pause-image=a")]))).toEqual([]);
  });

  it("is shown without its secrets", () => {
    const after = withOurs(there, [dropIn("--token s3cret --agent-token=s3cret --pause-image=a")]);
    expect(execStartNotes("k3s.service", there, after).join("")).toContain(
      "+ --token\n+ ***\n+ --agent-token=***\n  --pause",
    );
  });

  it("is what a drop-in of somebody else's says, behind ours", () => {
    const theirs = {
      path: "/etc/systemd/system/k3s.service.d/90.conf",
      text: "[Service]\nExecStart=\nExecStart=/bin/theirs\n",
    };
    expect(execStartNotes("k3s.service", [...there, theirs], withOurs([...there, theirs], [dropIn("--more")]))).toEqual(
      [],
    );
  });

  it("is the unit's own where our drop-in goes", () => {
    const after = withOurs(there, [], [dropIn("").path]);
    expect(execStart(after)).toEqual([["/usr/local/bin/k3s", "server"]]);
  });
});
