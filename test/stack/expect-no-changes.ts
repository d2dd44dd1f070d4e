import { expect } from "vitest";
import type { TestProject } from "./project";

/** Expects that a preview has nothing to tell; shows what it tells where it does. */
export async function expectNoChanges(project: TestProject, ...args: string[]): Promise<void> {
  const { code, text } = await project.run("preview", ...args, "--expect-no-changes");
  expect(code, text).toBe(0);
}
