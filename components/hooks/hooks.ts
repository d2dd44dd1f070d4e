import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { ConnectionArgs } from "../../provider";
import { expandHome } from "../../provider/local-paths";
import { loadPackage, optionalPackages } from "../pulumi-packages";
import { type HookConfig, type HooksConfig, type Stage, stageBehind, stages } from "./config";
import { commandInput, commandLine, type RemoteConnection, remoteConnection } from "./remote-command";

/** Arguments of `remote.Command` of `@pulumi/command`, as far as they are used here. */
interface RemoteCommandArgs {
  readonly connection: pulumi.Input<object>;
  readonly create: string;
  readonly update: string;
  readonly delete?: string;
  readonly stdin?: pulumi.Output<string>;
  readonly triggers: readonly pulumi.Input<string>[];
  readonly addPreviousOutputInEnv: boolean;
  readonly logging?: "none";
}

/** What is used of `@pulumi/command`, which is not there to take its types from unless a stack needs it. */
interface CommandPackage {
  readonly remote: {
    readonly Command: new (
      name: string,
      args: RemoteCommandArgs,
      options: pulumi.CustomResourceOptions,
    ) => pulumi.CustomResource;
  };
}

function readKey(path: string): string {
  return readFileSync(expandHome(path), "utf8");
}

/** Where hooks run: before each stage, and behind the last one. */
const places: readonly (Stage | undefined)[] = [...stages, undefined];

/**
 * The user's own commands between the stages of a stack. Nothing reads what they did: they are run once, again when they change, and undone by
 * their own `delete`.
 */
export class Hooks {
  private readonly stages: pulumi.Resource[] = [];
  private readonly hooks: pulumi.Resource[] = [];
  /** How many of {@link places} have their hooks. */
  private passed = 0;
  private readonly host: RemoteConnection | undefined;

  /** @throws Error where the board cannot be reached by the package that hooks need. */
  constructor(
    private readonly config: HooksConfig,
    private readonly connection: ConnectionArgs,
  ) {
    const isUsed = Object.keys(config).length > 0;
    this.host = isUsed ? remoteConnection(connection, readKey) : undefined;
  }

  /** Takes down what a stage has made: the hooks behind it wait for that. */
  done(made: readonly pulumi.Resource[]): void {
    this.stages.push(...made);
  }

  /**
   * Makes the hooks that run before a stage and are not made yet. To be called in the order of the stages; a stack that lacks one has its hooks
   * run before the next.
   *
   * @returns all hooks so far: the stage has to wait for them.
   */
  before(stage: Stage): readonly pulumi.Resource[] {
    this.runUpTo(stage);
    return [...this.hooks];
  }

  /** Makes the hooks behind the last stage. */
  afterAll(): void {
    this.runUpTo(undefined);
  }

  private runUpTo(last: Stage | undefined): void {
    for (const stage of places.slice(this.passed, places.indexOf(last) + 1)) {
      this.run(stage);
      this.passed++;
    }
  }

  private run(stage: Stage | undefined): void {
    const here = Object.entries(this.config).filter(([, hook]) => stageBehind(hook) === stage);
    for (const [name, hook] of here.sort(([a], [b]) => (a < b ? -1 : 1)))
      this.hooks.push(this.command(`hook-${name}`, hook));
  }

  private command(name: string, hook: HookConfig): pulumi.CustomResource {
    const { Command } = (loadPackage(optionalPackages.hooks) as CommandPackage).remote;
    const { connection } = this;
    const stdin = commandInput(hook.stdin, connection);
    const line = (command: string) => commandLine(command, hook.timeoutSeconds, connection);
    const secretInput = hook.stdin === undefined ? [] : [pulumi.secret(hook.stdin)];
    return new Command(
      name,
      {
        connection: pulumi.secret(this.host ?? {}),
        create: line(hook.create),
        // a new key or port alone runs nothing again: what does is in the triggers
        update: "true",
        ...(hook.delete === undefined ? {} : { delete: line(hook.delete) }),
        ...(stdin === undefined ? {} : { stdin: pulumi.secret(stdin) }),
        triggers: [hook.create, ...secretInput, ...hook.triggers],
        // sshd would have to be told to take it
        addPreviousOutputInEnv: false,
        ...(hook.stdin === undefined ? {} : { logging: "none" as const }),
      },
      {
        dependsOn: [...this.stages, ...this.hooks],
        // undone before it is done again
        deleteBeforeReplace: true,
        additionalSecretOutputs: ["connection", "stdin", ...(hook.stdin === undefined ? [] : ["stdout", "stderr"])],
      },
    );
  }
}
