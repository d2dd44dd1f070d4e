import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sectionFragment, whyUnseen, type Section } from "./section";
import { sections } from "./sections";

const section = (changes: Partial<Section>): Section => ({
  title: "thing",
  command: ":",
  seconds: 2,
  bytes: 1000,
  ...changes,
});
const run = (one: Section) => {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", sectionFragment(one)], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { code: status, text: stdout, error: stderr.trim() };
};

describe("sectionFragment", () => {
  it("gives output, errors and exit code of the command", () => {
    expect(run(section({ command: "echo 'it'\"'\"'s'; echo why >&2; exit 3" }))).toEqual({
      code: 3,
      text: "it's\n",
      error: "why",
    });
  });
  it("ends a command that hangs, with what it started, and keeps what it had said", () => {
    const began = Date.now();
    const { code, text } = run(section({ command: "echo first; sleep 60; echo never", seconds: 1 }));
    expect({ code, text }).toEqual({ code: 124, text: "first\n" });
    expect(Date.now() - began).toBeLessThan(15_000);
  });
  it("keeps no more bytes than asked for", () => {
    expect(run(section({ command: "yes", bytes: 10 })).text).toBe("y\ny\ny\ny\ny\n");
  });
});

describe("whyUnseen", () => {
  const why = (code: number, text = "", error = "") => whyUnseen(section({}), { code, text, error });
  it("says why", () => {
    expect(why(124)).toBe("no answer within 2 s");
    expect(why(127, "", "there is no crictl")).toBe("there is no crictl");
    expect(why(1, "", "connect: connection refused")).toBe("connect: connection refused");
  });
  it("is content with an answer, an empty one too", () => {
    expect(why(0)).toBeUndefined();
    expect(why(1, "something")).toBeUndefined();
  });
});

it.each(["crictl-pods", "crictl-ps", "ctr-images"] as const)(
  "%s is not asked of a k3s that would unpack itself for it",
  (name) => {
    const programs = mkdtempSync(join(tmpdir(), "section-"));
    writeFileSync(join(programs, "k3s"), '#!/bin/sh\necho "unpacked for $*"\n', { mode: 0o755 });
    const env = { PATH: `${programs}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", sections[name].command], { env, encoding: "utf8" });
    rmSync(programs, { recursive: true });
    expect({ status, stdout, stderr }).toEqual({
      status: 127,
      stdout: "",
      stderr: "k3s has not run on the board yet\n",
    });
  },
);

it("the limits of each half of the batch end before the batch's own 120 s", () => {
  const limits = Object.values<Section>(sections).map(({ seconds }) => seconds + 1);
  for (const half of [0, 1]) {
    expect(limits.filter((_, index) => index % 2 === half).reduce((sum, one) => sum + one, 0)).toBeLessThan(110);
  }
});

it.each(Object.entries<Section>(sections))("%s is a script that a shell can read", (_name, { command }) => {
  const { status, stderr } = spawnSync("sh", ["-n"], { input: command, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
