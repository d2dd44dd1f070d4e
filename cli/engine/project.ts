import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { load } from "js-yaml";
import { z } from "zod";
import { UsageError } from "../errors";

/** A Pulumi project with the program that it runs. */
export interface Project {
  /** Directory of Pulumi.yaml and of the Pulumi.<stack>.yaml files. */
  readonly directory: string;
  /** Loads the program; called only by commands that run it, because that takes time. */
  loadProgram(): Promise<PulumiFn>;
  /**
   * Looks at the stack's configuration before the engine starts; `values` by config key without the project's name.
   *
   * @throws an error whose message names every problem.
   */
  checkConfig?(values: Readonly<Record<string, unknown>>): Promise<void> | void;
  /**
   * For resources of other packages than `board`: the id that the provider gives to a resource of this type with these inputs, where it follows
   * from them. Used to find out what an interrupted create has left.
   */
  idOf?(type: string, inputs: Readonly<Record<string, unknown>>): string | undefined;
  /** What deleting a resource of this type with this state does on the board, as notes for a preview. */
  removal?(type: string, state: Readonly<Record<string, unknown>>): readonly string[];
}

const projectFile = z.object({ name: z.string() });
const stackFile = z.object({ secretsprovider: z.string().optional() }).nullish();

/** The project's name in Pulumi.yaml. */
export function projectName(project: Project): string {
  const file = join(project.directory, "Pulumi.yaml");
  return projectFile.parse(load(readFileSync(file, "utf8"))).name;
}

/** Path of a stack's configuration. */
export function stackFilePath(project: Project, stack: string): string {
  return join(project.directory, `Pulumi.${stack}.yaml`);
}

/**
 * Looks whether a stack has a configuration, before anything is made for it.
 *
 * @throws UsageError that lists the stacks that have one.
 */
export function requireStackFile(project: Project, stack: string): void {
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack))
    throw new UsageError(`--stack ${stack}: not a stack name (letters, digits, _ . -)`);
  if (existsSync(stackFilePath(project, stack))) return;
  const others = readdirSync(project.directory).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
  throw new UsageError(
    `there is no Pulumi.${stack}.yaml in ${project.directory}. ` +
      (others.length > 0
        ? `Stacks that have one: ${others.join(", ")}. To make yours, copy one and change it`
        : "A stack's configuration lives there"),
  );
}

/** The secrets provider that the stack's file names; `undefined` for the default, a passphrase. */
export function secretsProvider(project: Project, stack: string): string | undefined {
  const file = stackFilePath(project, stack);
  const parsed = existsSync(file) ? stackFile.safeParse(load(readFileSync(file, "utf8"))) : undefined;
  const provider = parsed?.success ? parsed.data?.secretsprovider : undefined;
  return provider === "default" || provider === "passphrase" ? undefined : provider;
}
