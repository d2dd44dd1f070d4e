import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { z } from "zod";
import { boardLogin } from "../../components/board/config";
import { connectionFor, ConnectionProblem } from "../../components/board/connection";
import { BundleProblem, readBundle, writeBundle } from "../../doctor/bundle";
import { diagnose } from "../../doctor/diagnose";
import type { Facts } from "../../doctor/facts";
import { gather, type Gathered } from "../../doctor/gather/gather";
import { doctorPage } from "../../doctor/page/page";
import { readFacts } from "../../doctor/read/facts";
import type { Board } from "../../provider/ssh/board";
import { BoardError } from "../../provider/ssh/board-error";
import { Boards } from "../../provider/ssh/boards";
import { connectionArgs, type Connection } from "../../provider/ssh/connection-args";
import { parseStackConfig } from "../../stacks/config";
import { terminalProgress } from "../../tools/progress";
import { Engine } from "../engine/engine";
import type { Project } from "../engine/project";
import { recordLines, WorkRecord } from "../engine/work-record";
import { ExpectedError, UsageError, type ExitCode } from "../errors";
import { paintFor } from "../events/view";
import { doctorDocument, doctorExitCode, doctorText } from "./doctor-report";
import { streamsFor, type CommonFlags } from "./output";
import { requireServer } from "./server-needed";
import { writePrivately } from "./write-privately";

/** Options of `npm run doctor`. */
export interface DoctorFlags extends CommonFlags {
  /** `user@host:port` of a board without a stack. */
  readonly host?: string;
  readonly identity?: string;
  readonly hostKey?: string;
  readonly knownHosts?: string;
  /** Where a support bundle goes. */
  readonly bundle?: string;
  /** A support bundle to look at instead of a board. */
  readonly from?: string;
  /** Where the page for people goes. */
  readonly html?: string;
}

/**
 * Says what is wrong on a board, why, and what mends it. Changes nothing on it.
 *
 * @throws UsageError for wrong options; ExpectedError where the board, or the bundle, cannot be looked at.
 */
export async function doctor(project: Project, flags: DoctorFlags): Promise<ExitCode> {
  const facts =
    flags.from === undefined ? await lookAt(await connectionOf(project, flags), flags) : await bundled(flags.from);
  const findings = diagnose(facts);
  if (flags.html !== undefined) writePrivately(pathGiven(flags.html), Buffer.from(doctorPage(facts, findings)));
  const { human, result } = streamsFor(flags);
  if (flags.json) result.write(`${JSON.stringify(doctorDocument(facts, findings), undefined, 2)}\n`);
  else {
    human.write(`${doctorText(facts, findings, paintFor(human, flags.color))}\n`);
  }
  return doctorExitCode(findings);
}

async function lookAt(connection: Connection, { bundle, verbose }: DoctorFlags): Promise<Facts> {
  const boards = new Boards();
  let gathered: Gathered;
  try {
    const board = boards.at(connection);
    const look = () => gather(board, secretsOf(connection));
    gathered = verbose ? await counted(board, look) : await look();
  } catch (error) {
    if (!(error instanceof BoardError)) throw error;
    throw new ExpectedError(`nothing of the board could be seen: ${error.message}`);
  } finally {
    boards.close();
  }
  const facts = readFacts(gathered);
  if (bundle !== undefined) writePrivately(pathGiven(bundle), writeBundle(facts, gathered));
  return facts;
}

/** How many processes a board has started since its boot; the shell reads it without one. */
async function processesStarted(board: Board): Promise<number> {
  const fragment = 'while read -r k v _; do case $k in processes) echo "$v" ;; esac; done </proc/stat';
  return Number((await board.ask("processes", fragment)).stdout);
}

/** Tells each round trip of a look, and what it cost the board. The two that count are not counted. */
async function counted(board: Board, look: () => Promise<Gathered>): Promise<Gathered> {
  const before = await processesStarted(board);
  const record = new WorkRecord();
  try {
    const gathered = await look();
    const lines = recordLines(record.read());
    const started = (await processesStarted(board)) - before;
    const processes = `  ${started} processes started on the board meanwhile, those of its own work among them`;
    process.stderr.write(`${["what was done, on a connection that was open:", ...lines, processes].join("\n")}\n`);
    return gathered;
  } finally {
    record.dispose();
  }
}

function secretsOf({ password, passphrase, sudoPassword, jump }: Connection): string[] {
  const own = [password, passphrase, sudoPassword].filter((secret) => secret !== undefined);
  return jump === undefined ? own : [...own, ...secretsOf(jump)];
}

async function bundled(path: string): Promise<Facts> {
  try {
    return await readBundle(readFileSync(pathGiven(path)));
  } catch (error) {
    if (error instanceof BundleProblem || (error as NodeJS.ErrnoException).code !== undefined)
      throw new ExpectedError(`${path}: ${(error as Error).message}`);
    throw error;
  }
}

async function connectionOf(project: Project, flags: DoctorFlags): Promise<Connection> {
  const login = flags.host === undefined ? undefined : loginGiven(flags.host, flags);
  try {
    return connectionArgs.parse(connectionFor(login ?? (await boardOfStack(project, flags.stack))));
  } catch (error) {
    if (error instanceof ConnectionProblem && login !== undefined) throw new UsageError(`--host: ${error.reason}`);
    if (error instanceof ConnectionProblem) throw new UsageError(error.message);
    throw error;
  }
}

async function boardOfStack(project: Project, name: string): Promise<z.output<typeof boardLogin>> {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const options = { progress: terminalProgress(process.stderr), say, missing: "create" } as const;
  return Engine.open(project, name, options, async (engine) => {
    const values = await engine.configValues();
    requireServer(name, values, "name one of its boards with --host");
    return parseStackConfig(values).board;
  });
}

/** `pi@192.168.1.5:2222`, `[fd00::5]:22`, `board`. */
function loginGiven(text: string, { identity, hostKey, knownHosts }: DoctorFlags): z.output<typeof boardLogin> {
  const [, user, bracketed, plainHost, port] = /^(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plainHost;
  if (host === undefined) throw new UsageError(`--host ${text}: expected user@host:port`);
  const parsed = boardLogin.safeParse({
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(identity === undefined ? {} : { identity: pathGiven(identity) }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(knownHosts === undefined ? {} : { knownHosts: pathGiven(knownHosts) }),
  });
  if (parsed.success) return parsed.data;
  throw new UsageError(
    parsed.error.issues.map(({ path, message }) => `--host ${text}: ${path.join(".")}: ${message}`).join("\n"),
  );
}

/** npm starts scripts in the project; the user may stand elsewhere. */
function pathGiven(path: string): string {
  return path.startsWith("~/") ? path : resolve(process.env.INIT_CWD ?? process.cwd(), path);
}
