import { z } from "zod";
import { absolutePath } from "../files/schema";
import type { Context, ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { quote } from "../ssh/shell";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** k3s's data directory on the server. */
  dataDir: absolutePath,
  /** What the server's configuration says of tokens; where that changes, the token is read anew. Secret. Defaults to nothing. */
  configured: z.string().default(""),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** The token in its full form, `K10<hash of the cluster's CA>::<user>:<secret>`. Secret. */
  readonly token: string;
}

/** The full form pins the cluster's CA: a node with it does not trust whoever answers at the server's address. */
const fullForm = /^K10[0-9a-f]{64}::(node|server):\S+$/;

/** A token that a server has in a file. */
interface JoinToken {
  readonly type: string;
  /** Who joins with it. */
  readonly joins: string;
  /** Names of the file, the first that is there counts. */
  readonly files: readonly [string, ...string[]];
}

function joinToken({ type, joins, files }: JoinToken): ResourceType<Inputs, State> {
  const fragment = (dataDir: string) =>
    `${files.map((name) => `cat ${quote(`${dataDir}/server/${name}`)} 2>/dev/null`).join(" || ")} || true`;

  async function load(context: Context, wanted: Inputs): Promise<State | undefined> {
    const board = await context.board(wanted.connection);
    const { stdout } = await board.ask(`${joins} token ${wanted.dataDir}`, fragment(wanted.dataDir));
    const token = stdout.trim();
    return fullForm.test(token) ? { ...wanted, token } : undefined;
  }

  async function loadOrFail(context: Context, wanted: Inputs): Promise<State> {
    const state = await load(context, wanted);
    if (state !== undefined) return state;
    throw new BoardError(
      "refused",
      (await context.board(wanted.connection)).label,
      `there is no token for ${joins} in its full form (K10…::…) in ${wanted.dataDir}/server`,
      `k3s writes ${files[0]} there when the server has started`,
    );
  }

  return {
    token: type,
    inputs,
    secretOutputs: ["token", "configured"],
    diff: (state, wanted) => ({
      changed: [
        ...(state.dataDir === wanted.dataDir ? [] : ["dataDir"]),
        // a state from before there was this input has none
        ...(((state as Partial<State>).configured ?? "") === wanted.configured ? [] : ["configured"]),
      ],
    }),
    create: async (context, wanted) => ({ id: wanted.dataDir, state: await loadOrFail(context, wanted) }),
    async read(context, _id, { token: _token, ...wanted }) {
      const state = await load(context, wanted);
      return state === undefined ? undefined : { state, inputs: wanted };
    },
    update: (context, _id, _old, wanted) => loadOrFail(context, wanted),
    async delete() {
      // k3s's own file; it goes with k3s's data
    },
  };
}

/**
 * The token with which agents join, as the server has it: `agent-token`, which is a link to the server's own where no other was set, or
 * `node-token`, which older releases have.
 */
export const agentToken = joinToken({
  type: "board:index:AgentToken",
  joins: "agents",
  files: ["agent-token", "node-token"],
});

/** The token with which further servers join. Whoever has it has the cluster. */
export const serverToken = joinToken({ type: "board:index:ServerToken", joins: "servers", files: ["token"] });
