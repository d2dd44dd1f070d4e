import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { cacheDirectory } from "../../tools/cache";
import type { PlannedImage } from "./plan";

/** A plan as lines: name, strategy and reason. */
export function planLines(images: readonly PlannedImage[]): string[] {
  return images.map(({ name, strategy, reason }) => `${name}: ${strategy} (${reason})`);
}

/**
 * Tells what the board gets under each name and why, through the engine's log: once, and again when it changed. What is as in the last run of
 * the stack on this machine is no news.
 */
export function showPlan(images: readonly PlannedImage[]): void {
  const lines = planLines(images);
  const text = lines.join("\n");
  const stack = createHash("sha256").update(`${pulumi.getProject()}/${pulumi.getStack()}`).digest("hex").slice(0, 16);
  const memory = join(cacheDirectory("shown-plans"), stack, "plan");
  if (text === read(memory)) return;
  void pulumi.log.info(`images:\n${lines.map((line) => `  ${line}`).join("\n")}`);
  mkdirSync(join(memory, ".."), { recursive: true });
  writeFileSync(memory, text);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
