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
  it("shows the last lines where none looks like a reason", () => {
    expect(relevantLines("one\ntwo\n\n")).toEqual(["one", "two"]);
    expect(relevantLines("")).toEqual([]);
  });
});
