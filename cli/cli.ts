import { CommandError as EngineError } from "@pulumi/pulumi/automation";
import { Command, CommanderError, Option } from "commander";
import { UnfitImages } from "../components/images/unfit-images";
import { engineErrorText } from "./commands/engine-error";
import type { AuditFlags } from "./commands/audit";
import type { DoctorFlags } from "./commands/doctor";
import { type KubeconfigFlags, writeKubeconfig } from "./commands/kubeconfig";
import { operate, type OperationFlags, type OperationKind } from "./commands/operate";
import { restore, type RestoreFlags } from "./commands/restore";
import { showStack, type StackFlags } from "./commands/stack";
import { demoStack } from "./engine/passphrase";
import type { Project } from "./engine/project";
import { ExpectedError, UsageError, exitCode } from "./errors";

/** What a command says when it ends badly; its exit code is chosen from the kind of error. */
export type ReportFailure = (message: string) => void;

const descriptions: Record<OperationKind, string> = {
  up: "bring the board to what the stack says",
  preview: "show what `up` would change and restart; changes nothing",
  refresh: "read the board and bring the state up to date; changes nothing on the board",
  destroy: "take everything of ours away; what was there before comes back",
};

/** Runs a command line (without `node` and the script) and returns the exit code. */
export async function runCli(
  argv: readonly string[],
  project: Project,
  demo?: (flags: DemoFlags) => Promise<number>,
  audit?: (images: readonly string[], flags: AuditFlags) => Promise<number>,
  doctor?: (flags: DoctorFlags) => Promise<number>,
): Promise<number> {
  outliveReaders([process.stdout, process.stderr]);
  let code: number = exitCode.ok;
  const program = new Command("npm run")
    .description("k3s on a board: one stack, reconciled by Pulumi. Options go behind `--`: npm run up -- --yes")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError("(--help shows the options)");

  for (const kind of ["up", "preview", "refresh", "destroy"] as const) {
    const command = common(program.command(kind).description(descriptions[kind]))
      .option("--diff", "the engine's own detailed diff instead of the list", false)
      .action(async (flags: OperationFlags) => {
        code = (await operate(project, kind, { ...flags, yes: flags.yes ?? true })).exitCode;
      });
    if (kind === "up" || kind === "destroy") {
      command.option("-y, --yes", "do not ask", process.env.PULUMI_SKIP_CONFIRMATIONS === "true");
    }
    if (kind === "preview")
      command.option("--expect-no-changes", `exit code ${exitCode.changes} when anything would change`, false);
    if (kind === "destroy") {
      command
        .option("--remove", "forget the stack and its history as well", false)
        .option("--keep-data", "leave k3s's data: the next `up` continues the same cluster", false)
        .option("--purge", "take k3s's data from before the first `up` as well, and what CNI plugins left", false);
    }
  }
  common(
    program
      .command("restore")
      .description(
        "the copies of the server's datastore on the board, or one of them in its place: as `up`, with its preview and roll-back",
      ),
  )
    .option("--list", "show the copies; changes nothing", false)
    .option("--from <copy>", "the copy that takes the datastore's place; what was written since then is lost")
    .option("-y, --yes", "do not ask", process.env.PULUMI_SKIP_CONFIRMATIONS === "true")
    .option("--diff", "the engine's own detailed diff instead of the list", false)
    .action(async (flags: RestoreFlags) => {
      code = await restore(project, flags);
    });
  common(program.command("stack").description("show outputs, resources and the last update"))
    .option("--show-secrets", "show secret outputs in clear", false)
    .action(async (flags: StackFlags) => {
      code = await showStack(project, flags);
    });
  common(
    program.command("kubeconfig").description("the cluster's kubeconfig, into a file (mode 0600) or into your own"),
  )
    .addOption(new Option("-f, --file <path>", "where to; `-` for standard output").default("kubeconfig.yaml"))
    .addOption(
      new Option(
        "--merge",
        "into your own kubeconfig ($KUBECONFIG, or ~/.kube/config), as a context of the stack's name",
      )
        .default(false)
        .conflicts("file"),
    )
    .addOption(
      new Option("--remove", "take it out of your own kubeconfig again; the stack may be gone")
        .default(false)
        .conflicts(["file", "merge"]),
    )
    .addOption(
      new Option(
        "--rotate",
        "have k3s make the certificates of all nodes anew first: as `up`, with its preview, restarts and roll-back",
      )
        .default(false)
        .conflicts("remove"),
    )
    .option("-y, --yes", "with --rotate: do not ask", process.env.PULUMI_SKIP_CONFIRMATIONS === "true")
    .option("--diff", "with --rotate: the engine's own detailed diff instead of the list", false)
    .action(async (flags: KubeconfigFlags) => {
      code = await writeKubeconfig(project, flags);
    });
  if (audit) {
    common(
      program
        .command("audit")
        .description("what the images are: platforms, and whether their programs are of the board's architecture")
        .argument("[images...]", "image names, OCI layouts, archives; without any, the images of the stack"),
    )
      .option("--arch <architecture>", "of the board; without it, what the stack says")
      .option("--page-size <bytes>", "of the board's kernel; some arm64 kernels have 65536", "4096")
      .action(async (images: string[], flags: AuditFlags, command: Command) => {
        const stackGiven = command.getOptionValueSource("stack") === "cli";
        code = await audit(images, { ...flags, stackGiven });
      });
  }
  if (doctor) {
    common(
      program
        .command("doctor")
        .description("why does it not run: asks the board, changes nothing, says what is wrong and what mends it"),
    )
      .option("--host <user@host:port>", "a board without a stack; user and port may be left out (root, 22)")
      .option("--identity <path>", "with --host: a private key file; without it the SSH agent is asked")
      .option("--host-key <key>", "with --host: the host key, '<type> <base64>'; without it --known-hosts is read")
      .option("--known-hosts <path>", "with --host: file of known host keys (~/.ssh/known_hosts)")
      .option("--html <file>", "write the answer as one page for a browser, also of a phone; it works offline")
      .option("--bundle <file>", "write everything that was gathered, without secrets, into a tar")
      .addOption(
        new Option("--from <file>", "look at a bundle instead of a board").conflicts(["host", "bundle", "identity"]),
      )
      .action(async (flags: DoctorFlags) => {
        code = await doctor(flags);
      });
  }
  if (demo) {
    program
      .command("demo")
      .description("an emulated board, a k3s node on it with images built for it, shown and checked")
      .option("-v, --verbose", "show every SSH round trip", false)
      .addOption(colour())
      .action(async (flags: DemoFlags) => {
        code = await demo(flags);
      });
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    return codeOf(error);
  }
}

/**
 * Whoever reads may go away (`| head`, a closed terminal), and a change of a board goes on to its end all the same. Without a listener each
 * failed write would be an uncaught error, which Pulumi's handler writes to the same stream, without end.
 */
function outliveReaders(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}

/** Options of the demo. */
export interface DemoFlags {
  readonly verbose: boolean;
  readonly color: OperationFlags["color"];
}

function colour(): Option {
  return new Option("--color <when>", "colours").choices(["auto", "always", "never"]).default("auto");
}

function common(command: Command): Command {
  return command
    .option(
      "-s, --stack <name>",
      "the stack; its configuration is Pulumi.<name>.yaml",
      process.env.K3S_BOARD_STACK ?? demoStack,
    )
    .option("--json", "one JSON document on standard output, everything else on standard error", false)
    .option("-v, --verbose", "show every SSH round trip", false)
    .addOption(colour());
}

/** Shows an error once, in the words it was made for; a stack trace only where the fault is in this program. */
function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\n`);
    return exitCode.usage;
  }
  if (error instanceof UnfitImages) {
    process.stderr.write(`${error.message}\n`);
    return exitCode.unfit;
  }
  if (error instanceof EngineError) {
    process.stderr.write(`${engineErrorText(error.message)}\n`);
    return exitCode.failed;
  }
  const expected = error instanceof ExpectedError || (error instanceof Error && error.name === "CommandError");
  const text = error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`error: ${text}\n`);
  return exitCode.failed;
}
