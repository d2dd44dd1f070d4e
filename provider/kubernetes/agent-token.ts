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
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** The token in its full form, `K10<hash of the cluster's CA>::<user>:<secret>`. Secret. */
  readonly token: string;
}

/** The full form pins the cluster's CA: an agent with it does not trust whoever answers at the server's address. */
const fullForm = /^K10[0-9a-f]{64}::(node|server):\S+$/;

/**
 * What k3s has in its files: `agent-token`, which is a link to the server's own where no other was set, or `node-token`, which older releases
 * have.
 */
function fragment(dataDir: string): string {
  const files = ["agent-token", "node-token"].map((name) => `cat ${quote(`${dataDir}/server/${name}`)} 2>/dev/null`);
  return `${files.join(" || ")} || true`;
}

async function load(context: Context, wanted: Inputs): Promise<State | undefined> {
  const board = await context.board(wanted.connection);
  const { stdout } = await board.ask(`agent token ${wanted.dataDir}`, fragment(wanted.dataDir));
  const token = stdout.trim();
  return fullForm.test(token) ? { ...wanted, token } : undefined;
}

async function loadOrFail(context: Context, wanted: Inputs): Promise<State> {
  const state = await load(context, wanted);
  if (state !== undefined) return state;
  throw new BoardError(
    "refused",
    (await context.board(wanted.connection)).label,
    `there is no token for agents in its full form (K10…::…) in ${wanted.dataDir}/server`,
    "k3s writes agent-token there when the server has started",
  );
}

/** The token with which agents join, as the server has it. */
export const agentToken: ResourceType<Inputs, State> = {
  token: "board:index:AgentToken",
  inputs,
  secretOutputs: ["token"],
  diff: (state, wanted) => ({ changed: state.dataDir === wanted.dataDir ? [] : ["dataDir"] }),
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
