import { spawn, type ChildProcess } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunReport } from "../../cli/commands/report";

const root = resolve(__dirname, "../..");
const commandLine = [process.execPath, join(root, "cli/bootstrap.cjs"), "test/engine/run.ts"];

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Inputs of a note of the `probe` provider; its path is below the project. */
export interface Note {
  readonly text: string;
  readonly waitSeconds?: number;
  readonly fail?: string;
}

/** A Pulumi project of its own in a temporary directory, for the real command line and the real engine. */
export class TestProject {
  readonly directory = mkdtempSync(join(tmpdir(), "engine-test-"));

  constructor() {
    cpSync(join(__dirname, "project"), this.directory, { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.directory, "node_modules"));
  }

  /** Path of a note. */
  note(name: string): string {
    return join(this.directory, "notes", name);
  }

  /** Writes the configuration of stack `t`. */
  configure(notes: Readonly<Record<string, Note>>, extra: Readonly<Record<string, unknown>> = {}): void {
    const values = Object.fromEntries(
      Object.entries(notes).map(([name, note]) => [name, { ...note, path: this.note(name) }]),
    );
    const config = { "engine-test:notes": values, ...extra };
    writeFileSync(join(this.directory, "Pulumi.t.yaml"), JSON.stringify({ config }));
  }

  /** Starts a command line, in a process group of its own. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    return this.#spawn([...commandLine, ...args], "ignore", env);
  }

  #spawn(
    [program = "", ...args]: readonly string[],
    stdin: "ignore" | "pipe",
    env: Readonly<Record<string, string>> = {},
  ): Running {
    const child = spawn(program, args, {
      cwd: this.directory,
      detached: true,
      stdio: [stdin, "pipe", "pipe"],
      env: {
        ...process.env,
        ENGINE_TEST_PROJECT: this.directory,
        PULUMI_CONFIG_PASSPHRASE: "engine test",
        XDG_CONFIG_HOME: join(this.directory, "config"),
        ...env,
      },
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<Ended>((done) =>
      child.on("exit", (code) => setTimeout(() => done({ code, stdout, stderr }), 50)),
    );
    return { process: child, ended };
  }

  /** Runs a command line to its end. */
  run(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** Runs a command line on a terminal, where it asks, and answers it. */
  async answer(answer: string, ...args: string[]): Promise<Ended> {
    const onTerminal = ["script", "-qec", [...commandLine, ...args].join(" "), "/dev/null"];
    const { process: child, ended } = this.#spawn(onTerminal, "pipe");
    let asked = false;
    child.stdout?.on("data", (chunk: Buffer) => {
      if (asked || !chunk.toString().includes("[y/N]")) return;
      asked = true;
      child.stdin?.write(`${answer}\n`);
    });
    return ended;
  }

  /** Runs a command line with `--json` and reads the document. */
  async report(...args: string[]): Promise<RunReport & { code: number | null }> {
    const { code, stdout, stderr } = await this.run(...args, "--json");
    try {
      return { ...(JSON.parse(stdout) as RunReport), code };
    } catch {
      throw new Error(`no JSON document on standard output (exit code ${code}): ${stdout}\n${stderr}`);
    }
  }

  /** Files of locks on stack `t`. */
  locks(): string[] {
    const directory = join(this.directory, ".pulumi-state/.pulumi/locks/organization/engine-test/t");
    return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
  }

  /** Process number of the engine that works on stack `t`. */
  enginePid(): number {
    const lock = this.locks().find((file) => file.endsWith(".json"));
    if (!lock) throw new Error("no lock, so no engine");
    return (JSON.parse(readFileSync(lock, "utf8")) as { pid: number }).pid;
  }

  /** Waits until the provider works on a note. */
  async begun(name: string): Promise<void> {
    const file = `${this.note(name)}.begun`;
    for (const until = Date.now() + 60_000; !existsSync(file); await sleep(50)) {
      if (Date.now() > until) throw new Error(`the provider has not begun with ${name} within 60 s`);
    }
  }

  /** Removes the project. */
  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
