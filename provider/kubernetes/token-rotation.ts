import { dump, load } from "js-yaml";
import { z } from "zod";
import { absolutePath } from "../files/schema";
import { writeText } from "../files/write";
import type { Context, ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { agentOnBoard } from "./client";
import { requestFailure } from "./health";
import { sendThrough } from "./send-to-api";
import { isObject } from "../secrets";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** k3s's data directory on the server. */
  dataDir: absolutePath,
  /** The token that the configuration has for the server, in its full form or the secret alone. Secret. */
  token: z.string().min(1),
  /** Consent to rotate the token of a server that has another one. */
  allowRotation: z.boolean().default(false),
  /** Where the server answers on its own board. Defaults to https://127.0.0.1:6443. */
  server: z.url().default("https://127.0.0.1:6443"),
  /** File of k3s's configuration from which the server's next start takes its token. Defaults to none. */
  secretsFile: absolutePath.optional(),
  /**
   * How often the token has been rotated, as far as this stack knows: the server restarts for each. `check` fills it in, so that a preview knows it.
   */
  rotations: z.number().int().default(0),
});

type Inputs = z.output<typeof inputs>;

/** The path that `k3s token rotate` asks (pkg/server/handlers/token.go). */
const rotatePath = "/v1-k3s/token";

/** The secret of a token, without the hash of the cluster's CA and the user's name: what counts when two are compared. */
export function secretOf(token: string): string {
  const [, credentials] = /^K10[0-9a-f]{64}::(.+)$/s.exec(token.trim()) ?? [];
  return credentials === undefined ? token.trim() : credentials.replace(/^[^:]*:/, "");
}

const refusal =
  "is another token than the server has, whose datastore is encrypted with that one: with another one k3s does not start. " +
  "Put the former token back, or let it be rotated with k3s.allowTokenRotation: true";

/** Whether a server that has one token may be told another one. */
function problemOf(there: string, { token, allowRotation }: Inputs): string | undefined {
  return secretOf(there) === secretOf(token) || allowRotation ? undefined : refusal;
}

/** The token that the server has, in its full form; `undefined` where there is no server yet. */
async function tokenThere(board: Board, { dataDir }: Inputs): Promise<string | undefined> {
  const file = await board.file(`${dataDir}/server/token`);
  const token = file.kind === "file" ? file.content?.toString("utf8").trim() : undefined;
  return token === undefined || token === "" ? undefined : token;
}

/**
 * Has the token rotated where the server has another one. A server that is not there yet starts with it.
 *
 * @param before - rotations until now.
 */
async function reconcile(context: Context, wanted: Inputs, before: number): Promise<Inputs> {
  const board = await context.board(wanted.connection);
  const there = await tokenThere(board, wanted);
  if (there === undefined) return wanted;
  const isSame = secretOf(there) === secretOf(wanted.token);
  const problem = problemOf(there, wanted);
  if (problem !== undefined) throw new BoardError("refused", board.label, `k3s.token ${problem}`);
  const keys = await secretKeys(board, wanted);
  if (isSame) {
    // an earlier run may have come no further than the rotation
    if (typeof keys?.token === "string" && secretOf(keys.token) !== secretOf(there)) await leave(board, wanted, keys);
    return wanted;
  }
  await rotate(board, wanted, there);
  try {
    await leave(board, wanted, keys);
  } catch (error) {
    if (!(error instanceof BoardError)) throw error;
    const [reason] = error.message.replace(`${board.label}: `, "").split(". ");
    throw new BoardError(
      error.trouble,
      board.label,
      `the server's token is rotated, and ${reason}`,
      "k3s does not start any more until the new token is there: mend the reason and run the same command again",
    );
  }
  context.log("info", "the server's token is rotated; datastores that were saved before need the former one");
  return { ...wanted, rotations: before + 1 };
}

/** What the file has from which the server's next start takes its token; `undefined` where it is not there. */
async function secretKeys(board: Board, { secretsFile }: Inputs): Promise<Record<string, unknown> | undefined> {
  const file = secretsFile === undefined ? undefined : await board.file(secretsFile);
  if (file?.kind !== "file") return undefined;
  const keys = load(file.content?.toString("utf8") ?? "");
  return isObject(keys) ? keys : undefined;
}

/**
 * Leaves the token where the server's next start takes it from, whenever that is: after a power cut, or after a change of the service that is taken
 * back. The service's own change finds it there, and what it saves to go back to has it.
 */
async function leave(board: Board, { secretsFile, token }: Inputs, keys: Record<string, unknown> = {}): Promise<void> {
  if (secretsFile === undefined) return;
  await writeText(
    board,
    { path: secretsFile, mode: "0600" },
    dump({ ...keys, token }, { sortKeys: true, lineWidth: -1 }),
  );
}

/**
 * Asks the server what `k3s token rotate` asks it. That command takes the new token as an argument only, which every user of the board can read
 * while it starts; here it goes through the connection.
 */
async function rotate(board: Board, { dataDir, server, token }: Inputs, there: string): Promise<void> {
  const ca = await board.file(`${dataDir}/server/tls/server-ca.crt`);
  if (ca.kind !== "file" || ca.content === undefined)
    throw new BoardError(
      "refused",
      board.label,
      `${dataDir}/server/tls/server-ca.crt is not there: this is no k3s server`,
    );
  const url = new URL(server);
  const authorization = `Basic ${Buffer.from(`server:${secretOf(there)}`).toString("base64")}`;
  const send = sendThrough(agentOnBoard(board, url, { ca: ca.content }), url, { authorization });
  let status: number;
  try {
    ({ status } = await send({ method: "PUT", path: rotatePath, body: { newToken: secretOf(token) } }));
  } catch (error) {
    const why = `the server's token was not rotated: ${requestFailure(error)}`;
    throw new BoardError(
      "refused",
      board.label,
      why,
      "The server has to run for that: run the same command again when it does",
    );
  }
  if (status === 200) return;
  const why = status === 404 ? "this k3s cannot rotate it, 1.28.3 is the first that can" : `k3s answered ${status}`;
  throw new BoardError("refused", board.label, `the server's token was not rotated: ${why}`);
}

/**
 * The server's token is the one of the configuration. Made before the service that runs the server: a changed token is refused, or rotated while the
 * server still runs, before the service is given the new one.
 */
export const tokenRotation: ResourceType<Inputs, Inputs> = {
  token: "board:index:TokenRotation",
  inputs,
  secretOutputs: ["token"],
  ignored: ["allowRotation", "server", "secretsFile"],
  check: (wanted, old) => {
    const reason = old === undefined ? undefined : problemOf(old.token, wanted);
    const isOther = old !== undefined && secretOf(old.token) !== secretOf(wanted.token);
    const rotations = (old?.rotations ?? 0) + (isOther ? 1 : 0);
    const problems = reason === undefined ? [] : [{ property: "token", reason }];
    return Promise.resolve({ inputs: { ...wanted, rotations }, problems });
  },
  async announce(context, wanted) {
    const board = await context.board(wanted.connection);
    const there = await tokenThere(board, wanted);
    const problem = there === undefined ? undefined : problemOf(there, wanted);
    if (problem !== undefined) throw new BoardError("refused", board.label, `k3s.token ${problem}`);
    return there === undefined || secretOf(there) === secretOf(wanted.token) ? [] : rotationNotes;
  },
  diff: (state, wanted) => {
    const isSame = secretOf(state.token) === secretOf(wanted.token);
    // a preview would not know the number
    const isCounted = "rotations" in state;
    return {
      changed: [...(isSame ? [] : ["token"]), ...(isCounted ? [] : ["rotations"])],
      replaces: state.dataDir === wanted.dataDir ? [] : ["dataDir"],
      notes: isSame ? [] : rotationNotes,
    };
  },
  create: async (context, wanted) => ({ id: wanted.dataDir, state: await reconcile(context, wanted, 0) }),
  async read(context, _id, state) {
    const there = await tokenThere(await context.board(state.connection), state);
    if (there === undefined) return undefined;
    // rotated by hand, or by a run that was killed before it could say so
    const isOther = secretOf(there) !== secretOf(state.token);
    const found = isOther ? { ...state, token: there, rotations: countOf(state) + 1 } : state;
    return { state: found, inputs: found };
  },
  update: (context, _id, old, wanted) => reconcile(context, wanted, countOf(old)),
  async delete() {
    // the token stays what it is as long as the server has its data
  },
};

/** Rotations until now; a state from before they were counted has none. */
function countOf(state: Partial<Inputs>): number {
  return state.rotations ?? 0;
}

const rotationNotes = [
  "the server's token is rotated (k3s token rotate): what was saved of the datastore before needs the former one",
];
