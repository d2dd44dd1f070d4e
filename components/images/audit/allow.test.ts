import { describe, expect, it } from "vitest";
import { applyAllowList, matches } from "./allow";
import type { ProgramProblem } from "./result";

describe("matches", () => {
  it.each([
    ["/lib/*.so", "/lib/x.so", true],
    ["/lib/*.so", "/lib/a/x.so", false],
    ["/lib/**", "/lib/a/x.so", true],
    ["/lib/**/x.so", "/lib/a/b/x.so", true],
    ["docker.io/library/golang:*", "docker.io/library/golang:1.26", true],
    ["a.b", "axb", false],
    ["a(b)+", "a(b)+", true],
  ])("%s and %s: %s", (pattern, text, expected) => expect(matches(pattern, text)).toBe(expected));
});

describe("applyAllowList", () => {
  const problem = (path: string): ProgramProblem => ({
    kind: "architecture",
    layer: `sha256:${"0".repeat(64)}`,
    path,
    found: "amd64",
    wanted: "riscv64",
    message: `${path} is wrong`,
  });

  it("takes out what a line for this image names, with its reason", () => {
    const allow = [
      { image: "docker.io/library/golang:*", path: "/usr/local/go/**", reason: "test data" },
      { image: "docker.io/library/other:*", path: "/**", reason: "another image" },
    ];
    const problems = ["/usr/local/go/testdata/x", "/bin/x"].map(problem);
    expect(applyAllowList("docker.io/library/golang:1.26", problems, allow)).toEqual({
      problems: [problem("/bin/x")],
      allowed: [{ ...problem("/usr/local/go/testdata/x"), reason: "test data" }],
    });
  });
});
