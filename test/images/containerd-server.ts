import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Architecture } from "../../components/board/architecture";
import { partBuilds } from "../../emulator/launcher-build";
import { findCommand, runCommand } from "../../tools/command";
import { buildGo } from "../../tools/go";
import { hostArchitecture } from "../../tools/host-architecture";
import { ensureCommands } from "../../tools/host-packages";
import { silentProgress } from "../../tools/progress";

/** Options of {@link ContainerdServer.start}. */
export interface ContainerdServerOptions {
  /** Serves the CRI, so that `crictl` can pull, with these credentials of a registry by its `host:port`. Defaults to no CRI. */
  readonly pulls?: Readonly<Record<string, { readonly username: string; readonly password: string }>>;
}

/**
 * A real containerd, the one of the emulated board, with its root and socket in a temporary directory. It is a program of the board's
 * architecture, so that it takes images of that architecture; on another machine QEMU runs it. Needs root, as it mounts.
 */
export class ContainerdServer {
  readonly #directory = mkdtempSync(join(tmpdir(), "containerd-"));
  #process: ChildProcess | undefined;

  private constructor(
    private readonly containerd: readonly string[],
    private readonly ctr: readonly string[],
    private readonly cri: readonly string[],
    private readonly options: ContainerdServerOptions,
  ) {}

  static async start(architecture: Architecture, options: ContainerdServerOptions = {}): Promise<ContainerdServer> {
    const emulator = await emulatorOf(architecture);
    const program = async (name: string) => {
      const build = partBuilds(architecture).find((part) => part.name === name);
      if (!build) throw new Error(`the launcher has no ${name}`);
      return [...emulator, (await buildGo(build, silentProgress)).path];
    };
    const crictl = options.pulls === undefined ? [] : await program("crictl");
    const server = new ContainerdServer(await program("containerd"), await program("ctr"), crictl, options);
    await server.run();
    return server;
  }

  /** How to call ctr for this containerd. */
  get command(): string[] {
    return [...this.ctr, "--address", this.#socket];
  }

  /** How to call crictl for this containerd. */
  get crictl(): string[] {
    return [...this.cri, "--runtime-endpoint", `unix://${this.#socket}`];
  }

  get #socket(): string {
    return join(this.#directory, "containerd.sock");
  }

  /** Starts the process (again), on the same root. */
  async run(): Promise<void> {
    const { pulls } = this.options;
    const cri = pulls === undefined ? ["cri.v1.runtime", "cri.v1.images", "grpc.v1.cri"] : [];
    const disabled = [...cri, "nri.v1.nri"].map((name) => `"io.containerd.${name}"`);
    const logins = Object.entries(pulls ?? {}).flatMap(([host, { username, password }]) => [
      `[plugins.'io.containerd.cri.v1.images'.registry.configs."${host}".auth]`,
      `username = ${JSON.stringify(username)}`,
      `password = ${JSON.stringify(password)}`,
    ]);
    const config = [
      "version = 3",
      `root = "${this.#directory}/root"`,
      `state = "${this.#directory}/state"`,
      `disabled_plugins = [${disabled.join(", ")}]`,
      "[grpc]",
      `address = "${this.#socket}"`,
      ...(pulls === undefined ? [] : ["[plugins.'io.containerd.cri.v1.images']", "use_local_image_pull = true"]),
      ...logins,
    ];
    writeFileSync(join(this.#directory, "config.toml"), `${config.join("\n")}\n`);
    const [program = "", ...args] = this.containerd;
    const log = openSync(join(this.#directory, "log"), "a");
    this.#process = spawn(program, [...args, "--config", join(this.#directory, "config.toml")], {
      stdio: ["ignore", log, log],
    });
    const [ctr = "", ...ctrArgs] = this.command;
    for (let attempt = 0; attempt < 60; attempt++) {
      const ready = await runCommand(ctr, [...ctrArgs, "version"], { timeoutSeconds: 20 }).catch(() => undefined);
      if (ready) return;
      if (this.#process.exitCode !== null) break;
      await sleep(250);
    }
    throw new Error(`containerd did not start:\n${readFileSync(join(this.#directory, "log"), "utf8").slice(-3000)}`);
  }

  /** Ends the process; its root stays. */
  async halt(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
    await gone;
    clearTimeout(patience);
  }

  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function emulatorOf(architecture: Architecture): Promise<string[]> {
  if (architecture === hostArchitecture()) return [];
  const names = { riscv64: "qemu-riscv64-static", arm64: "qemu-aarch64-static", amd64: "qemu-x86_64-static" };
  const command = names[architecture];
  await ensureCommands(
    [{ command, debianPackage: "qemu-user-static", why: "runs programs of the board" }],
    silentProgress,
  );
  return [findCommand(command) ?? command];
}
