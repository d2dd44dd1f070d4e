import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { dump, load } from "js-yaml";
import type { RunReport } from "../../cli/commands/report";
import type { EmulatedBoard } from "../../emulator/board";
import { killTree } from "./kill-tree";

const root = join(__dirname, "../..");

/**
 * A command that takes longer stands still: it is ended, and what it had said is in the test's failure. Above the longest wait of an `up`
 * (k3s's start on an emulated board, 1500 s), below the time limit of a test.
 */
const commandMinutes = 30;

/** What one command of the CLI came to. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both outputs, for messages. */
  readonly text: string;
  /** The document of `--json`. */
  readonly report: RunReport;
}

/** Configuration of a stack by section, as in Pulumi.<stack>.yaml without the project's name. */
export type Sections = Readonly<Record<string, unknown>>;

/** What {@link boardSections} has. */
export interface BoardSections extends Sections {
  readonly board: Readonly<Record<string, unknown>>;
  readonly k3s: Readonly<Record<string, unknown>>;
  readonly images: Readonly<Record<string, unknown>>;
  readonly manifests: Readonly<Record<string, unknown>>;
}

/** The configuration that the tests start from: what Pulumi.dev.yaml has, for an emulated board of another name. */
export function boardSections(board: EmulatedBoard): BoardSections {
  return {
    board: {
      host: board.host,
      port: board.port,
      user: board.user,
      identity: board.identity,
      knownHosts: board.knownHosts,
      arch: board.architecture,
    },
    k3s: {
      version: "v1.36.3+k3s1",
      source: { path: board.k3s },
      // what is not tested costs the emulated processor all the same; CoreDNS stays
      disable: ["traefik", "servicelb", "local-storage", "metrics-server"],
      // a machine whose processors are shared may be a fifth as fast as one with its own
      startTimeoutSeconds: 1500,
      readyTimeoutSeconds: 1500,
      kubeconfigServer: `https://127.0.0.1:${board.apiPort}`,
    },
    images: { "k3s-board/hello:1.0": { kind: "goDirectory", directory: "./examples/hello" } },
    manifests: { hello: { file: "./examples/hello/hello.yaml" } },
  };
}

/** A Pulumi project in a directory of its own: Pulumi.yaml of this repository, one stack `test`, a state and a passphrase nobody else has. */
export class TestProject {
  private readonly running = new Set<ChildProcess>();

  /**
   * @param directory - is there, and may have a project of before in it. Defaults to a new one.
   * @param limitMinutes - after which a command is ended. Defaults to 30.
   */
  constructor(
    readonly directory = mkdtempSync(join(tmpdir(), "k3s-board-stack-")),
    private readonly limitMinutes = commandMinutes,
  ) {
    const project = load(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
      main?: string;
      plugins: { providers: { path: string }[] };
    };
    for (const provider of project.plugins.providers) provider.path = join(root, provider.path);
    // the program is handed over inline; there is no index.ts here
    delete project.main;
    writeFileSync(join(this.directory, "Pulumi.yaml"), dump(project));
    cpSync(join(root, "examples"), join(this.directory, "examples"), { recursive: true });
  }

  /** Writes the stack's configuration. */
  configure(sections: Sections): void {
    const config = Object.fromEntries(Object.entries(sections).map(([key, value]) => [`k3s-board:${key}`, value]));
    const file = join(this.directory, "Pulumi.test.yaml");
    // the salt that the engine has put there belongs to the state's secrets
    const salt = /^encryptionsalt: .*$/m.exec(tryRead(file))?.[0] ?? "";
    writeFileSync(file, `${dump({ config })}${salt}\n`);
  }

  /** Starts a command and leaves it running. */
  start(...args: readonly string[]): { readonly child: ChildProcess; readonly finished: Promise<Run> } {
    const child = spawn(
      process.execPath,
      ["--require", join(root, "tools/typescript.cjs"), join(root, "test/stack/cli.ts"), this.directory, ...args],
      {
        cwd: root,
        env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: "of the tests", NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.running.add(child);
    const finished = new Promise<Run>((resolve, reject) => {
      let stdout = "";
      let stderr = "";
      const limit = setTimeout(() => {
        stderr += `\n${args.join(" ")} was not over after ${this.limitMinutes} minutes and has been ended\n`;
        killTree(child.pid!);
      }, this.limitMinutes * 60_000);
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("error", reject);
      child.on("close", (code, signal) => {
        clearTimeout(limit);
        this.running.delete(child);
        const text = `${stdout}\n${stderr}`;
        resolve({
          code: code ?? (signal === null ? 1 : 137),
          stdout,
          stderr,
          text,
          get report() {
            try {
              return JSON.parse(stdout) as RunReport;
            } catch {
              throw new Error(`no report on standard output:\n${text}`);
            }
          },
        });
      });
    });
    return { child, finished };
  }

  /** Runs a command on the stack; `up` and `destroy` do not ask. */
  run(command: string, ...args: readonly string[]): Promise<Run> {
    const consent = command === "up" || command === "destroy" ? ["--yes"] : [];
    const json = ["up", "destroy", "preview", "refresh"].includes(command) ? ["--json"] : [];
    return this.start(command, "--stack", "test", ...consent, ...json, ...args).finished;
  }

  /** The whole state, as `pulumi stack export` prints it, secrets encrypted. */
  state(): string {
    return readFileSync(join(this.directory, ".pulumi-state/.pulumi/stacks/k3s-board/test.json"), "utf8");
  }

  /** The condition Ready of every node, asked with the stack's kubeconfig: `True`. */
  async nodes(): Promise<string[]> {
    const { stdout, code, text } = await this.run("kubeconfig", "--file", "-");
    if (code !== 0) throw new Error(`no kubeconfig:\n${text}`);
    const config = new KubeConfig();
    config.loadFromString(stdout);
    const { items } = await config.makeApiClient(CoreV1Api).listNode();
    return items.map(({ status }) => status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "?");
  }

  dispose(): void {
    for (const child of this.running) killTree(child.pid!);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
