import { z } from "zod";
import type { AllowedProblem, ProgramProblem } from "./result";

const pattern = z.string().min(1);

/** One line of the allow-list. */
export const allowedProgram = z.strictObject({
  image: pattern.describe(
    "Pattern for full image names, such as `docker.io/library/golang:*`. `*` stands for anything but `/`, `**` for anything.",
  ),
  path: pattern.describe("Pattern for paths in the image, such as `/usr/local/go/**/testdata/**`."),
  reason: z.string().min(1).describe("Why that is meant. Shown by the audit."),
});

/** One line of the allow-list: files of an image that need not fit the board. */
export type AllowedProgram = z.output<typeof allowedProgram>;

/** The `audit` section of the configuration. */
export const auditConfig = z.strictObject({
  allow: z
    .array(allowedProgram)
    .default([])
    .describe("Programs in images that need not fit the board: test data, firmware, tools for other machines."),
});

/** {@link auditConfig} with defaults filled in. */
export type AuditConfig = z.output<typeof auditConfig>;

/** Takes out of the problems what the allow-list has for that image. @param name - full image name. */
export function applyAllowList(
  name: string,
  problems: readonly ProgramProblem[],
  allow: readonly AllowedProgram[],
): { problems: ProgramProblem[]; allowed: AllowedProblem[] } {
  const lines = allow.filter(({ image }) => matches(image, name));
  const left: ProgramProblem[] = [];
  const allowed: AllowedProblem[] = [];
  for (const problem of problems) {
    const line = lines.find(({ path }) => matches(path, problem.path));
    if (line) allowed.push({ ...problem, reason: line.reason });
    else left.push(problem);
  }
  return { problems: left, allowed };
}

/** Whether a text is what a pattern says: `*` is anything but `/`, `**` anything, everything else itself. */
export function matches(patternText: string, text: string): boolean {
  const source = patternText
    .split(/(\*+)/)
    .map((part) => (part.startsWith("**") ? ".*" : part === "*" ? "[^/]*" : part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`, "s").test(text);
}
