import { dump, load as parseYaml } from "js-yaml";
import { z } from "zod";
import type { Context, ResourceType } from "../resource";
import { connectionArgs } from "../ssh/connection-args";
import { isRotationAsked } from "./certificates";
import { BoardError } from "../ssh/board-error";
import { messageOf } from "../ssh/login";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path of the kubeconfig on the board. */
  path: z.string(),
  /** Address of the API server as it is reached from outside, such as https://192.0.2.7:6443. */
  server: z.url(),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** The kubeconfig for use from outside. Secret: it holds an administrator's key. */
  readonly kubeconfig: string;
}

const kubeconfigShape = z.looseObject({
  clusters: z.array(z.looseObject({ cluster: z.looseObject({ server: z.string() }) })),
});

/**
 * Puts another server address into a kubeconfig; everything else stays as it is.
 *
 * @throws Error for what is no kubeconfig, without a word of it: it holds an administrator's key.
 */
export function withServer(kubeconfig: string, server: string): string {
  const config = kubeconfigIn(kubeconfig);
  if (config === undefined) throw new Error("it is no kubeconfig with clusters");
  const clusters = config.clusters.map((entry) => ({ ...entry, cluster: { ...entry.cluster, server } }));
  return dump({ ...config, clusters }, { lineWidth: -1 });
}

function kubeconfigIn(text: string): z.output<typeof kubeconfigShape> | undefined {
  try {
    return kubeconfigShape.safeParse(parseYaml(text)).data;
  } catch {
    // the parser's own message shows the lines around
    return undefined;
  }
}

async function load(context: Context, wanted: Inputs): Promise<State | undefined> {
  const board = await context.board(wanted.connection);
  const file = await board.file(wanted.path);
  if (file.kind !== "file" || file.content === undefined) return undefined;
  try {
    return { ...wanted, kubeconfig: withServer(file.content.toString("utf8"), wanted.server) };
  } catch (error) {
    throw new BoardError("refused", board.label, `${wanted.path} cannot be used: ${messageOf(error)}`);
  }
}

async function loadOrFail(context: Context, wanted: Inputs): Promise<State> {
  const state = await load(context, wanted);
  if (state !== undefined) return state;
  const { label } = await context.board(wanted.connection);
  throw new BoardError("refused", label, `${wanted.path} is not there: k3s has not written a kubeconfig`);
}

/** The administrator's kubeconfig that k3s made, with an address that works from outside, as a secret output. */
export const kubeconfig: ResourceType<Inputs, State> = {
  token: "board:index:Kubeconfig",
  inputs,
  secretOutputs: ["kubeconfig"],
  diff(state, wanted) {
    const changed = (["path", "server"] as const).filter((key) => state[key] !== wanted[key]);
    // with its other certificates k3s writes another one, and the engine has read the board before
    if (changed.length === 0 && isRotationAsked())
      return { changed: ["path"], notes: [`${wanted.path} is read again`] };
    return { changed };
  },
  create: async (context, wanted) => ({ id: wanted.path, state: await loadOrFail(context, wanted) }),
  async read(context, _id, { kubeconfig: _kubeconfig, ...wanted }) {
    const state = await load(context, wanted);
    return state === undefined ? undefined : { state, inputs: wanted };
  },
  update: (context, _id, _old, wanted) => loadOrFail(context, wanted),
  async delete() {
    // k3s's own file; it goes with k3s's data
  },
};
