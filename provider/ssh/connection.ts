import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import type { Board, FileOnBoard, RunOptions, ScriptResult } from "./board";
import { BoardError } from "./board-error";
import type { Connection } from "./connection-args";
import { parseFiles, type FileQuestion } from "./file-questions";
import { labelOf, login, messageOf, type Login } from "./login";
import { Limit } from "./limit";
import { batchScript, parseBatch, type Section } from "./questions";
import { invocation, type Elevation } from "./shell";
import { trace, type Traced } from "../../tools/trace";

/** How long the first question of a batch waits for others, milliseconds. The engine asks for all resources at about the same time. */
const gatherMilliseconds = 15;
/** Seconds for a script that says nothing else. Before its work it may wait 120 s for the board's lock (`files/originals.ts`). */
const defaultTimeoutSeconds = 180;
/** sshd's MaxSessions defaults to 10; two are left for others. */
const sessionsAtOnce = 8;
/** How often, and after how long, a session that sshd refuses is asked for again. */
const sessionAttempts = 50;
const sessionRetryMilliseconds = 200;
const defaultContentLimit = 256 * 1024;
/** A file that changes while it is looked at is looked at again so often. */
const readAttempts = 3;

interface RawResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface Waiting<Answer> {
  readonly promise: Promise<Answer>;
  resolve(answer: Answer): void;
  reject(reason: unknown): void;
}

interface Batch {
  readonly files: Map<string, Waiting<FileOnBoard> & { contentLimit: number }>;
  readonly fragments: Map<string, Waiting<ScriptResult> & { fragment: string }>;
}

/** A {@link Board} over one SSH connection that is opened at the first use, and opened again when it broke. */
export class SshBoard implements Board {
  readonly label: string;
  #roundTrips = 0;
  #login: Promise<Login> | undefined;
  #closed = false;
  #elevation: Promise<Elevation> | undefined;
  #batch: Batch | undefined;
  #asking: Promise<void> = Promise.resolve();
  readonly #sessions = new Limit(sessionsAtOnce);

  constructor(private readonly connection: Connection) {
    this.label = labelOf(connection);
  }

  get roundTrips(): number {
    return this.#roundTrips;
  }

  async run(script: string, options: RunOptions): Promise<ScriptResult> {
    const result = await this.#execute("run", script, options);
    return { code: result.code, stdout: result.stdout.toString("utf8"), stderr: result.stderr.toString("utf8") };
  }

  ask(key: string, fragment: string): Promise<ScriptResult> {
    const { fragments } = this.#openBatch();
    const known = fragments.get(key);
    if (known) return known.promise;
    const question = { ...waiting<ScriptResult>(), fragment };
    fragments.set(key, question);
    return question.promise;
  }

  file(path: string, options: { contentLimit?: number } = {}): Promise<FileOnBoard> {
    const { files } = this.#openBatch();
    const contentLimit = options.contentLimit ?? defaultContentLimit;
    const question = files.get(path) ?? { ...waiting<FileOnBoard>(), contentLimit };
    question.contentLimit = Math.max(question.contentLimit, contentLimit);
    files.set(path, question);
    return question.promise;
  }

  forward(host: string, port: number): Promise<Duplex> {
    return this.#forwarded(`${host}:${port}`, (client, done) => client.forwardOut("127.0.0.1", 0, host, port, done));
  }

  async forwardSocket(path: string): Promise<Duplex> {
    if (this.connection.user !== "root")
      throw new BoardError("refused", this.label, `${path} on the board is reached by a login as root only`);
    return this.#forwarded(path, (client, done) => client.openssh_forwardOutStreamLocal(path, done));
  }

  async #forwarded(
    address: string,
    open: (client: Client, done: (error: Error | undefined, channel: Duplex) => void) => void,
  ): Promise<Duplex> {
    const { client } = await this.#connected();
    const started = Date.now();
    const purpose = `connecting to ${address}`;
    const opened = await this.#opened<Duplex>(client, purpose, (done) => open(client, done));
    this.#count({ kind: "forward", purpose, milliseconds: Date.now() - started, bytes: 0 });
    if (!(opened instanceof Error)) return opened;
    const what = `nothing answers on ${address} as seen from the board (${opened.message})`;
    throw new BoardError("refused", this.label, what);
  }

  /** Ends the connection; whatever is under way fails as broken. */
  close(): void {
    this.#closed = true;
    this.#login?.then(
      (open) => open.end(),
      () => undefined,
    );
  }

  #count(trip: Omit<Traced, "board">): void {
    this.#roundTrips += 1;
    trace({ board: this.label, ...trip });
  }

  #connected(): Promise<Login> {
    if (this.#closed) return Promise.reject(new BoardError("cancelled", this.label, "the run was cancelled"));
    if (this.#login) return this.#login;
    const opening = this.#connect();
    this.#login = opening;
    const forget = () => {
      if (this.#login === opening) this.#login = undefined;
    };
    opening.then(
      ({ client }) => client.on("close", forget),
      // All resources of a run want the board at once and would each wait for the same time-out: the failure is theirs too for a while.
      () => setTimeout(forget, 5000).unref(),
    );
    return opening;
  }

  async #connect(): Promise<Login> {
    const started = Date.now();
    try {
      return await login(this.connection);
    } finally {
      this.#count({ kind: "connect", purpose: "connecting", milliseconds: Date.now() - started, bytes: 0 });
    }
  }

  async #execute(kind: "run" | "ask", script: string, options: RunOptions): Promise<RawResult> {
    const elevation = await this.#elevate();
    const seconds = options.timeoutSeconds ?? defaultTimeoutSeconds;
    const { command, head } = invocation(script, seconds, elevation, this.connection.sudoPassword);
    const { client } = await this.#connected();
    return this.#sessions.run(async () => {
      const started = Date.now();
      const channel = await this.#session(client, command, options.purpose);
      const result = await this.#converse(channel, head, seconds, options);
      const milliseconds = Date.now() - started;
      this.#count({
        kind,
        purpose: options.purpose,
        milliseconds,
        bytes: head.length + result.stdout.length + result.stderr.length,
      });
      if ((result.code === 124 || result.code === 137) && milliseconds >= seconds * 1000)
        throw this.#tooLong(options.purpose, seconds);
      if (elevation !== "none") this.#checkSudo(result);
      return result;
    });
  }

  /**
   * Opens a session for a command. sshd counts a session until it has reaped its process, which is later than we see its end: on a busy
   * board it refuses one more for a moment although we keep below its limit. Asked again, up to ten seconds.
   */
  async #session(client: Client, command: string, purpose: string): Promise<ClientChannel> {
    for (let attempt = 1; ; attempt += 1) {
      const opened = await this.#opened<ClientChannel>(client, purpose, (done) => client.exec(command, done));
      if (!(opened instanceof Error)) return opened;
      if (attempt >= sessionAttempts)
        throw new BoardError("refused", this.label, `no session for a command (${opened.message})`);
      await sleep(sessionRetryMilliseconds);
    }
  }

  /** A channel, or why the board does not open it. Rejects where the connection breaks meanwhile, or broke while this waited for its turn. */
  #opened<Channel>(
    client: Client,
    purpose: string,
    open: (done: (error: Error | undefined, channel: Channel) => void) => void,
  ): Promise<Channel | Error> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(this.#broken(purpose));
      client.once("close", gone);
      try {
        open((error, channel) => {
          client.removeListener("close", gone);
          resolve(error ?? channel);
        });
      } catch {
        // ssh2 throws for a connection that has ended
        client.removeListener("close", gone);
        gone();
      }
    });
  }

  /** Feeds stdin, gathers the answer, and bounds the whole from this side too: `timeout` on the board may not have started. */
  #converse(channel: ClientChannel, head: Buffer, seconds: number, { stdin, purpose }: RunOptions): Promise<RawResult> {
    return new Promise((resolve, reject) => {
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let code: number | undefined;
      const watchdog = setTimeout(
        () => {
          reject(this.#tooLong(purpose, seconds));
          channel.destroy();
        },
        (seconds + 10) * 1000,
      );
      channel.on("data", (chunk: Buffer) => stdout.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      channel.on("exit", (exit: number | null) => {
        code = exit ?? 137;
      });
      channel.on("error", () => undefined);
      channel.on("close", () => {
        clearTimeout(watchdog);
        if (code === undefined) reject(this.#broken(purpose));
        else resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
      });
      // A script that ends early closes its stdin: then the rest cannot be written, and its exit code says why.
      pipeline(payload(head, stdin), channel.stdin, { end: true }).catch((error: unknown) => {
        if (error instanceof SourceError) {
          clearTimeout(watchdog);
          reject(error);
          channel.destroy();
        }
      });
    });
  }

  #elevate(): Promise<Elevation> {
    if (this.#elevation) return this.#elevation;
    const finding = this.#findElevation();
    this.#elevation = finding;
    // Found out once, but a failure is not for ever: a board that boots answers later.
    finding.catch(() => {
      if (this.#elevation === finding) this.#elevation = undefined;
    });
    return finding;
  }

  async #findElevation(): Promise<Elevation> {
    const { user, sudoPassword } = this.connection;
    if (user === "root") return "none";
    if (sudoPassword === undefined) return "sudo";
    // A wrong password is tried here once, alone on stdin, where sudo cannot take a script for the second and third try.
    const { client } = await this.#connected();
    const started = Date.now();
    const purpose = "checking the sudo password";
    const channel = await this.#session(client, 'exec sudo -k -S -p "" true', purpose);
    const result = await this.#converse(channel, Buffer.from(`${sudoPassword}\n`), 30, { purpose });
    this.#count({ kind: "run", purpose, milliseconds: Date.now() - started, bytes: 0 });
    if (result.code !== 0) {
      throw new BoardError(
        "authentication",
        this.label,
        `sudo refuses ${user}`,
        "Check board.sudoPassword and the user's right to use sudo",
      );
    }
    return "sudo-with-password";
  }

  #openBatch(): Batch {
    if (this.#batch) return this.#batch;
    const batch: Batch = { files: new Map(), fragments: new Map() };
    this.#batch = batch;
    const gathered = new Promise((resolve) => setTimeout(resolve, gatherMilliseconds));
    // The batch itself meets a connection that cannot be made, and says so.
    const connected = this.#connected().catch(() => undefined);
    // One batch at a time: what is asked while one is under way, or while the connection is being made, travels together.
    this.#asking = Promise.all([this.#asking, gathered, connected]).then(() => {
      this.#batch = undefined;
      return this.#send(batch);
    });
    return batch;
  }

  async #send(batch: Batch): Promise<void> {
    try {
      await this.#answer(batch);
    } catch (error) {
      for (const question of [...batch.files.values(), ...batch.fragments.values()]) question.reject(error);
    }
  }

  async #answer({ files, fragments }: Batch): Promise<void> {
    const fileQuestions: FileQuestion[] = [...files].map(([path, { contentLimit }]) => ({ path, contentLimit }));
    for (let attempt = 1; ; attempt += 1) {
      const [fileSection, ...sections] = await this.#askOnce(fileQuestions, [...fragments.values()]);
      const answers =
        fileQuestions.length === 0
          ? []
          : fileSection?.code === 0
            ? parseFiles(fileQuestions, fileSection.stdout)
            : undefined;
      if (!answers) {
        if (attempt < readAttempts) continue;
        const said = fileSection?.stderr.trim();
        throw new BoardError(
          "refused",
          this.label,
          `files cannot be read${said ? ` (${said})` : ": they keep changing"}`,
        );
      }
      [...files.values()].forEach((question, index) => question.resolve(answers[index] ?? { kind: "absent" }));
      [...fragments.values()].forEach((question, index) => question.resolve(asText(sections[index])));
      return;
    }
  }

  /** One round trip. Reads change nothing, so a connection that breaks under them is opened again, once. */
  async #askOnce(files: readonly FileQuestion[], fragments: readonly { fragment: string }[]): Promise<Section[]> {
    const nonce = randomBytes(16).toString("hex");
    const script = batchScript(nonce, files, fragments);
    const purpose = `reading ${files.length} files and ${fragments.length} other things`;
    const once = () => this.#execute("ask", script, { purpose, timeoutSeconds: 120 });
    const result = await once().catch((error: unknown) => {
      if (error instanceof BoardError && error.trouble === "broken") return once();
      throw error;
    });
    const sections = parseBatch(nonce, result.stdout, fragments.length + 1);
    if (sections) return sections;
    const said = result.stderr.toString("utf8").trim();
    throw new BoardError(
      "refused",
      this.label,
      `the board's shell did not run the script (exit ${result.code}${said ? `: ${said}` : ""})`,
    );
  }

  #checkSudo({ code, stdout, stderr }: RawResult): void {
    const said = stderr.toString("utf8").trim();
    if (code !== 1 || stdout.length > 0 || !/^sudo: /m.test(said)) return;
    const remedy = "Allow the user sudo without a password, or set board.sudoPassword";
    throw new BoardError("authentication", this.label, `sudo refuses (${said})`, remedy);
  }

  #broken(purpose: string): BoardError {
    if (this.#closed) return new BoardError("cancelled", this.label, `the run was cancelled while ${purpose}`);
    const remedy = "Run the same command again: what was begun is settled then";
    return new BoardError("broken", this.label, `the connection broke while ${purpose}`, remedy);
  }

  #tooLong(purpose: string, seconds: number): BoardError {
    return new BoardError(
      "timeout",
      this.label,
      `gave up after ${seconds} s of ${purpose}`,
      "The script was killed on the board",
    );
  }
}

/** What a payload's source threw, to tell it from a pipe that the script closed. */
class SourceError extends Error {}

async function* payload(head: Buffer, stdin: RunOptions["stdin"]): AsyncGenerator<Buffer> {
  yield head;
  if (stdin === undefined) return;
  if (Buffer.isBuffer(stdin)) {
    yield stdin;
    return;
  }
  try {
    yield* stdin;
  } catch (error) {
    throw new SourceError(messageOf(error), { cause: error });
  }
}

function asText(section: Section | undefined): ScriptResult {
  if (!section) return { code: 1, stdout: "", stderr: "" };
  return { code: section.code, stdout: section.stdout.toString("utf8"), stderr: section.stderr };
}

function waiting<Answer>(): Waiting<Answer> {
  const handlers: Partial<Waiting<Answer>> = {};
  const promise = new Promise<Answer>((resolve, reject) => Object.assign(handlers, { resolve, reject }));
  return { promise, resolve: (answer) => handlers.resolve?.(answer), reject: (reason) => handlers.reject?.(reason) };
}
