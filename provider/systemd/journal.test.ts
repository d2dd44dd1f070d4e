import { describe, expect, it } from "vitest";
import { relevantLines } from "./journal";

describe("relevantLines", () => {
  it("finds the reason between usage text and systemd's own lines", () => {
    const journal = [
      "Starting k3s.service - Lightweight Kubernetes...",
      "Incorrect Usage: flag provided but not defined: -no-such-flag",
      "NAME:",
      "   --token value, -t value  (cluster) Shared secret; an error here is no reason",
      'time="2026-01-01T00:00:01Z" level=fatal msg="flag provided but not defined: -no-such-flag"',
      "k3s.service: Main process exited, code=exited, status=1/FAILURE",
      'time="2026-01-01T00:00:07Z" level=fatal msg="flag provided but not defined: -no-such-flag"',
    ].join("\n");
    expect(relevantLines(journal)).toEqual([
      "Incorrect Usage: flag provided but not defined: -no-such-flag",
      'time="2026-01-01T00:00:07Z" level=fatal msg="flag provided but not defined: -no-such-flag"',
    ]);
  });
  it("ends with what a k3s says before it shuts down, not with the noise of the rest that follows", () => {
    const noise = Array.from(
      { length: 9 },
      (_, n) => `E1128 21:00:0${n}.1 1 reflector.go:2${n}] "Unhandled Error" err="failed to list"`,
    );
    const journal = [
      'time="2026-01-01T00:00:01Z" level=error msg="Shutdown request received: \\"kubelet exited: unknown flag: --no-such-flag\\""',
      ...noise,
      "k3s.service: Scheduled restart job, restart counter is at 1.",
      'time="2026-01-01T00:01:07Z" level=error msg="Shutdown request received: \\"kubelet exited: unknown flag: --no-such-flag\\""',
      ...noise,
      "k3s.service: Scheduled restart job, restart counter is at 2.",
      'time="2026-01-01T00:02:00Z" level=info msg="Starting k3s"',
    ].join("\n");
    const lines = relevantLines(journal);
    expect(lines).toHaveLength(6);
    expect(lines.at(-1)).toMatch(/unknown flag: --no-such-flag/);
  });
  it("shows the last lines where none looks like a reason", () => {
    expect(relevantLines("one\ntwo\n\n")).toEqual(["one", "two"]);
    expect(relevantLines("")).toEqual([]);
  });
});
