import { spawn } from "node:child_process";
import { constants, accessSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Options of {@link runCommand}. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Seconds until the command is ended, first by SIGTERM, 5 s later by SIGKILL. Defaults to 600. */
  readonly timeoutSeconds?: number;
  /** Written to standard input, which is empty otherwise. Secrets go here, never into the arguments. */
  readonly input?: string | Buffer;
  /** Called with each line of standard error and standard output as it comes. */
  readonly onLine?: (line: string) => void;
  /** What it is for, for the error: "installing qemu-system-misc". Defaults to the command's name and first argument. */
  readonly purpose?: string;
}

/** What a command printed; each at most its last 16 MiB. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that could not be started, failed, or took too long. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  constructor(
    message: string,
    /** Name of the command, without its arguments. */
    readonly command: string,
    /** Exit code; `undefined` when it did not start or was ended by a signal. */
    readonly code: number | undefined,
    /** What it wrote to standard error. */
    readonly stderr: string,
  ) {
    super(message);
  }
}

const keepBytes = 16 * 1024 * 1024;
const tailLines = 15;

/**
 * Runs a program of this machine to its end and captures what it prints.
 *
 * @throws {@link CommandError} when it is missing, exits other than 0 (with the last lines that it printed), or runs out of time.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const purpose = options.purpose ?? [command, args[0]].filter(Boolean).join(" ");
  const timeoutSeconds = options.timeoutSeconds ?? 600;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout = new Capture(options.onLine);
  const stderr = new Capture(options.onLine);
  child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
  // A command that exits without reading its input breaks the pipe; its exit code says what matters.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");

  let timedOut = false;
  const timers = [
    setTimeout(() => {
      timedOut = true;
      child.kill("SIGTERM");
      timers.push(setTimeout(() => child.kill("SIGKILL"), 5000));
    }, timeoutSeconds * 1000),
  ];
  try {
    const { code, signal } = await ended(child, command, purpose, timers);
    stdout.end();
    stderr.end();
    if (code === 0 && !timedOut) return { stdout: stdout.text(), stderr: stderr.text() };
    const reason = timedOut
      ? `not finished after ${timeoutSeconds} s`
      : code === null
        ? `ended by ${signal ?? "a signal"}`
        : `exit code ${code}`;
    const tail = lastLines(stderr.text().trim() || stdout.text().trim(), tailLines);
    throw new CommandError(
      `${purpose}: ${command} failed, ${reason}${tail && `\n${tail}`}`,
      command,
      code ?? undefined,
      stderr.text(),
    );
  } finally {
    timers.forEach(clearTimeout);
  }
}

function ended(
  child: ReturnType<typeof spawn>,
  command: string,
  purpose: string,
  timers: NodeJS.Timeout[],
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "it is not installed, or not on PATH" : error.message;
      reject(new CommandError(`${purpose}: cannot start ${command}: ${reason}`, command, undefined, ""));
    });
    child.once("close", (code, signal) => resolve({ code, signal }));
    // A grandchild that keeps the pipes open must not keep us waiting.
    child.once("exit", (code, signal) => timers.push(setTimeout(() => resolve({ code, signal }), 5000)));
  });
}

/** The end of a text. */
export function lastLines(text: string, count: number): string {
  return text.split("\n").slice(-count).join("\n");
}

class Capture {
  private chunks: Buffer[] = [];
  private size = 0;
  private rest = "";
  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    for (let first = this.chunks[0]; first && this.size - first.length > keepBytes; first = this.chunks[0]) {
      this.size -= first.length;
      this.chunks.shift();
    }
    if (!this.onLine) return;
    const lines = (this.rest + chunk.toString("utf8")).split(/[\r\n]+/);
    this.rest = lines.pop() ?? "";
    lines.filter(Boolean).forEach(this.onLine);
  }

  end(): void {
    if (this.rest) this.onLine?.(this.rest);
    this.rest = "";
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }
}

/** Directories with administration programs that a Debian user's PATH lacks. */
const administration = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Full path of a program on PATH (or among the administration programs), `undefined` when there is none. */
export function findCommand(name: string): string | undefined {
  for (const directory of [...(process.env.PATH ?? "").split(delimiter), ...administration]) {
    if (!directory) continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here; the next directory may have it.
    }
  }
  return undefined;
}
