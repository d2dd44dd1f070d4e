import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knownHostsLine, quoteForShell, sshArguments } from "./ssh";

describe("quoteForShell", () => {
  it("gives back any word through a shell", () => {
    const word = fc.string({ unit: fc.constantFrom("a", " ", "'", '"', "$", "`", "\\", "\n", "*", "é") });
    fc.assert(
      fc.property(word, (text) => {
        expect(execFileSync("sh", ["-c", `printf %s ${quoteForShell(text)}`], { encoding: "utf8" })).toBe(text);
      }),
      { numRuns: 50 },
    );
  });
});

describe("sshArguments", () => {
  const board = {
    host: "127.0.0.1",
    port: 2222,
    user: "root",
    identity: "/a b/id",
    knownHosts: "/a b/50%/known",
  } as const;

  it("verifies the host key against the board's own file and nothing else", () => {
    const args = sshArguments(board);
    expect(args).toContain("StrictHostKeyChecking=yes");
    expect(args).toContain('UserKnownHostsFile="/a b/50%%/known"');
    expect(args).toContain("GlobalKnownHostsFile=/dev/null");
    expect(args.slice(0, 2)).toEqual(["-F", "/dev/null"]);
  });
});

describe("knownHostsLine", () => {
  it("names the port and leaves the comment out", () => {
    expect(knownHostsLine(2222, "ssh-ed25519 AAAA someone@somewhere\n")).toBe("[127.0.0.1]:2222 ssh-ed25519 AAAA\n");
  });
});
