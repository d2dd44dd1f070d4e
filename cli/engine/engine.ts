import { basename, delimiter, dirname, join } from "node:path";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import {
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  type Stack,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { RunError } from "@pulumi/pulumi";
import { agreedVariable, type Agreed } from "../../provider/announcements";
import { parseConfigValue } from "../../stacks/config-value";
import { runCommand } from "../../tools/command";
import type { Progress } from "../../tools/progress";
import { ensurePulumi } from "../../tools/pulumi";
import { idFromInputs } from "../adoption";
import { UsageError } from "../errors";
import { clearDeadLocks } from "./lock";
import { ensurePassphraseFile, passphraseSource } from "./passphrase";
import { interruptedSteps, outdatedCopies, parseState, settle, type Interrupted } from "./pending";
import { projectName, requireStackFile, secretsProvider, stackFilePath, type Project } from "./project";
import { keepingStackFile } from "./salt";
import { chooseBackend, ownStateDirectory, prepareStateDirectory, type Backend } from "./state-directory";

/** Copies of states that are kept behind interrupted runs. */
const copiesKept = 20;

/** How a stack is opened. */
export interface OpenOptions {
  readonly progress: Progress;
  /** Tells the user about something that was found and done. */
  readonly say: (sentence: string) => void;
  /** Where there is no such stack yet: make it, or end with a UsageError. */
  readonly missing: "create" | "refuse";
  /** Whether the configuration is to be checked. Defaults to true; commands that only read the state need none. */
  readonly checkConfig?: boolean;
  /** Work that changes nothing and goes on while the configuration is read, which is done by another process. */
  readonly meanwhile?: (engine: Engine) => Promise<unknown>;
}

/** A stack, with the real engine behind it. */
export class Engine {
  private constructor(
    readonly project: Project,
    readonly stack: Stack,
    readonly stackName: string,
    readonly backend: Backend,
    private readonly command: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /**
   * Opens a stack and checks its configuration; nothing but the state's backend is contacted.
   *
   * @param work - what to do with it. The stack's file is left without the salt that the engine adds, where the passphrase is our own.
   * @throws UsageError for a missing stack or passphrase, and for a configuration with problems.
   */
  static async open<T>(
    project: Project,
    stackName: string,
    options: OpenOptions,
    work: (engine: Engine) => Promise<T>,
  ): Promise<T> {
    // The engine, its plugins and everything they write: for this user only.
    process.umask(0o077);
    requireStackFile(project, stackName);
    const passphrase = passphraseSource(process.env, stackName, secretsProvider(project, stackName));
    if (passphrase.kind === "own") ensurePassphraseFile(passphrase.file);
    prepareStateDirectory(project.directory);
    const backend = chooseBackend(process.env, project.directory);
    const env = {
      PULUMI_BACKEND_URL: backend.url,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // A stack file without a salt takes the state's; otherwise a mistyped passphrase would be given a new salt, and written down.
      PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
      ...(passphrase.kind === "own" ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase.file } : {}),
    };
    const command = await ensurePulumi(options.progress);
    const pulumiCommand = await commandAt(command);
    const openAndWork = async () => {
      const stack = await selectStack(project, stackName, options.missing, env, pulumiCommand);
      const engine = new Engine(project, stack, stackName, backend, command, env);
      await Promise.all([
        options.checkConfig === false ? undefined : engine.checkConfig(),
        options.meanwhile?.(engine),
      ]);
      return work(engine);
    };
    return passphrase.kind === "own" ? keepingStackFile(stackFilePath(project, stackName), openAndWork) : openAndWork();
  }

  /** Runs a plain CLI command on this stack and returns what it prints. */
  async cli(purpose: string, args: readonly string[], input?: string): Promise<string> {
    const result = await runCommand(this.command, [...args, "--stack", this.stackName, "--non-interactive"], {
      cwd: this.project.directory,
      env: this.env,
      purpose,
      timeoutSeconds: 300,
      ...(input === undefined ? {} : { input }),
    });
    return result.stdout;
  }

  /**
   * Loads the program.
   *
   * @param stackTraces - show where in the program an error came from, and not only what it says.
   */
  async useProgram(stackTraces: boolean): Promise<void> {
    const program = await this.project.loadProgram();
    this.stack.workspace.program = stackTraces ? program : withoutStackTraces(program);
  }

  /** Holds what follows to what somebody was shown and has agreed to. */
  holdTo(agreed: Agreed): void {
    this.stack.workspace.envVars[agreedVariable] = JSON.stringify(agreed);
  }

  /** The stack's configuration in clear, by key without the project's name. */
  async configValues(): Promise<Record<string, unknown>> {
    const prefix = `${projectName(this.project)}:`;
    const all = Object.entries(await this.stack.getAllConfig());
    return Object.fromEntries(
      all.flatMap(([key, { value }]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), parseConfigValue(value)]] : [],
      ),
    );
  }

  private async checkConfig(): Promise<void> {
    if (!this.project.checkConfig) return;
    const values = await this.configValues();
    try {
      await this.project.checkConfig(values);
    } catch (error) {
      const file = basename(stackFilePath(this.project, this.stackName));
      throw new UsageError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /**
   * Clears what a dead run has left: its lock, and the steps that it had begun. A copy of the state as it was is kept. To be called before the
   * engine changes the state, which a refresh does, too.
   *
   * @throws ExpectedError where a living run works on the stack.
   */
  async settleInterrupted(say: (sentence: string) => void): Promise<void> {
    if (this.backend.directory !== undefined) {
      await clearDeadLocks(this.backend.directory, projectName(this.project), this.stackName, { say });
    }
    const exported = await this.cli("reading the state", ["stack", "export"]);
    const state = parseState(exported);
    const steps = interruptedSteps(state);
    if (steps.length === 0) return;
    const copy = this.keepCopy(exported);
    const idOf: Parameters<typeof settle>[1] = (type, inputs) =>
      this.project.idOf?.(type, inputs) ?? idFromInputs(type, inputs);
    // By a file and not by standard input: the engine asks questions there. The secrets in it are encrypted.
    const settled = `${copy}.settled`;
    writeFileSync(settled, JSON.stringify(settle(state, idOf)), { mode: 0o600 });
    try {
      await this.cli("settling interrupted steps", ["stack", "import", "--file", settled]);
    } finally {
      rmSync(settled, { force: true });
    }
    say(`${interruptedSentence(steps)}; the board is read again. The state as it was: ${copy}`);
  }

  /** The steps that a dead run had begun, without touching them. */
  async interrupted(): Promise<Interrupted[]> {
    return interruptedSteps(parseState(await this.cli("reading the state", ["stack", "export"])));
  }

  private keepCopy(exported: string): string {
    const directory = join(ownStateDirectory(this.project.directory), "interrupted");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of outdatedCopies(readdirSync(directory), copiesKept))
      rmSync(join(directory, name), { force: true });
    const file = join(directory, `${this.stackName}-${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
    writeFileSync(file, exported, { mode: 0o600 });
    return file;
  }
}

/** `an earlier run was interrupted while updating k3s, creating coredns-image`. */
export function interruptedSentence(steps: readonly Interrupted[]): string {
  const what = steps.map(({ urn, step }) => `${step} ${urn.slice(urn.lastIndexOf("::") + 2)}`);
  return `an earlier run was interrupted while ${what.join(", ")}`;
}

/** Mistakes in code keep their stack trace; whatever the program throws on purpose is made for people as it is. */
const codingErrors = [TypeError, ReferenceError, RangeError, SyntaxError];

function withoutStackTraces(program: PulumiFn): PulumiFn {
  return async () => {
    try {
      // The SDK types what a program returns as `any`.
      return (await program()) as Record<string, unknown> | undefined;
    } catch (error) {
      if (!(error instanceof Error) || codingErrors.some((kind) => error instanceof kind)) throw error;
      throw new RunError(error.message);
    }
  };
}

async function commandAt(path: string): Promise<PulumiCommand> {
  // The Automation API looks for `pulumi` on PATH, and takes the plugins that lie beside it.
  process.env.PATH = `${dirname(path)}${delimiter}${process.env.PATH ?? ""}`;
  return PulumiCommand.get();
}

async function selectStack(
  project: Project,
  stackName: string,
  missing: OpenOptions["missing"],
  envVars: Record<string, string>,
  pulumiCommand: PulumiCommand,
): Promise<Stack> {
  const options = { workDir: project.directory, envVars, pulumiCommand };
  const args = { stackName, workDir: project.directory };
  if (missing === "create") return LocalWorkspace.createOrSelectStack(args, options);
  try {
    return await LocalWorkspace.selectStack(args, options);
  } catch (error) {
    if (error instanceof StackNotFoundError) {
      throw new UsageError(`there is no stack ${stackName} yet: \`npm run up -- --stack ${stackName}\` makes it`);
    }
    throw error;
  }
}
