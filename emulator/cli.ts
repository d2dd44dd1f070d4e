import { spawn } from "node:child_process";
import { Command, Option } from "commander";
import { architectures, type Architecture } from "../components/board/architecture";
import { silentProgress, terminalProgress, type Progress } from "../tools/progress";
import { boardTypes } from "./architectures";
import { boardStatus, downBoard, resetBoard, upBoards, type BoardStatus, type EmulatedBoard } from "./board";
import { sshArguments } from "./ssh";

interface Options {
  readonly name: string;
  readonly arch?: Architecture;
  readonly json?: boolean;
}

/** Exit code of `status` for a board that does not run, as systemctl has it. */
const notRunning = 3;

function buildProgram(): Command {
  const program = new Command("board")
    .description("A single-board computer that is not there: Debian with systemd, sshd and cgroup v2 under QEMU.")
    .enablePositionalOptions()
    .showHelpAfterError("(board --help shows what there is)")
    .addHelpText(
      "after",
      `
Exit codes: 0 done; 1 failed; 3 (status, ssh) the board is not running; ssh: that of the command.
Files:      ~/.cache/k3s-board/boards/<name>/{identity,known_hosts,k3s}; K3S_BOARD_CACHE moves the cache.
k3s:        K3S_BINARY=<path>, or K3S_URL and K3S_SHA256; without them the emulator's own launcher.
Clock:      K3S_BOARD_CLOCK_RATE=0.25 lets a quarter of a second pass on a board in a second, where this machine is too slow for what runs there.`,
    );
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option("--name <name>", "which board", "dev")
      .option("--json", "print one JSON document on standard output, and no progress");
  const arch = () =>
    new Option("--arch <architecture>", "the board's architecture (default: riscv64)").choices(architectures);

  command("up", "start a board; one that runs is left alone, one that was killed boots from its disk")
    .argument("[others...]", "names of further boards, on the same network as the first one")
    .addOption(arch())
    .action(async (others: string[], options: Options) => {
      warnUntested(options);
      const names = [...new Set([options.name, ...others])];
      const boards = await upBoards(names, { architecture: options.arch }, progressOf(options));
      print(options, others.length === 0 ? boards[0] : boards, boards.map(describeRunning).join("\n"));
    });
  command("reset", "make a board pristine again, in seconds")
    .addOption(arch())
    .action(async (options: Options) => {
      const board = await resetBoard({ name: options.name, architecture: options.arch }, progressOf(options));
      print(options, board, describeRunning(board));
    });
  command("down", "end a board and forget its disk").action(async (options: Options) => {
    const ended = await downBoard(options.name, progressOf(options));
    print(options, { name: options.name, ended }, `board ${options.name}: ${ended ? "ended" : "was not running"}`);
  });
  command("status", "say how a board is").action(async (options: Options) => {
    const status = await boardStatus(options.name);
    print(options, status, describeStatus(status));
    if (status.state !== "running") process.exitCode = notRunning;
  });
  command("ssh", "log in, or run a command: board ssh [--name N] [--] <command>")
    .argument("[command...]", "what to run on the board")
    .passThroughOptions()
    .action(async (remote: string[], options: Options) => {
      process.exitCode = await connect(options.name, remote);
    });
  return program;
}

function progressOf(options: Options): Progress {
  return options.json ? silentProgress : terminalProgress();
}

function warnUntested(options: Options): void {
  if (boardTypes[options.arch ?? "riscv64"].tested) return;
  process.stderr.write(
    `The ${options.arch} board follows the same recipe as the riscv64 one, but was not tried out by us.\n`,
  );
}

function print(options: Options, document: unknown, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(document, undefined, 2)}\n` : `${text}\n`);
}

function describeRunning(board: EmulatedBoard): string {
  return [
    `board ${board.name} (${board.architecture}) runs`,
    `  log in          npm run board -- ssh${board.name === "dev" ? "" : ` --name ${board.name}`}`,
    `  or              ssh -i ${board.identity} -o UserKnownHostsFile=${board.knownHosts} -p ${board.port} ${board.user}@${board.host}`,
    `  Kubernetes API  https://127.0.0.1:${board.apiPort} once k3s runs`,
    `  other boards    see it at ${board.neighbourAddress} (eth1): node-ip and flannel-iface of a cluster of several`,
    `  k3s for it      ${board.k3s}`,
  ].join("\n");
}

function describeStatus(status: BoardStatus): string {
  if (status.state === "running" && status.board) {
    const memory = Math.round((status.memoryBytes ?? 0) / 2 ** 20);
    const origin = { state: "resumed from the saved state", boot: "booted", disk: "booted from its own disk" }[
      status.from ?? "state"
    ];
    return `${describeRunning(status.board)}\n  QEMU            process ${status.pid}, ${memory} MiB, ${origin} in ${status.seconds} s, ${status.since}`;
  }
  const meaning = {
    off: "is not running",
    dead: "died without being ended; `up` boots it from its disk, `reset` makes it pristine",
  };
  return `board ${status.name} ${meaning[status.state === "dead" ? "dead" : "off"]}`;
}

async function connect(name: string, remote: readonly string[]): Promise<number> {
  const status = await boardStatus(name);
  if (status.state !== "running" || !status.board) {
    process.stderr.write(`${describeStatus(status)}\n`);
    return notRunning;
  }
  const child = spawn("ssh", [...sshArguments(status.board), ...(remote.length > 0 ? ["--", ...remote] : [])], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

buildProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`board: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
