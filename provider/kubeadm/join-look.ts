import type { V1Node } from "@kubernetes/client-node";
import { z } from "zod";
import { absolutePath } from "../files/schema";
import { clientFromBoard, type KubernetesClient } from "../kubernetes/client";
import { requestFailure } from "../kubernetes/health";
import { nodeApi } from "../kubernetes/node-api";
import type { Context } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { quote } from "../ssh/shell";
import { caIn, joinPaths, lackingOf } from "./join-files";

/** Where what a join needs of the cluster is asked. */
export const joinedCluster = z.strictObject({
  /** To the control plane's board. */
  connection: connectionArgs,
  /** Path of an administrator's kubeconfig there. */
  kubeconfig: absolutePath,
});

/** What of a join's inputs says where it goes. */
export interface WantedJoin {
  readonly cluster: z.output<typeof joinedCluster>;
  /** Address of the API server for nodes. */
  readonly server: string;
  readonly node: string;
}

/** The cluster that is joined: its CA, and its API. */
export interface ClusterBehind {
  /** PEM. */
  readonly ca: string;
  readonly client: KubernetesClient;
}

/** @throws BoardError where there is no cluster. */
async function clusterBehind(context: Context, { cluster }: WantedJoin): Promise<ClusterBehind> {
  const board = await context.board(cluster.connection);
  const client = await clientFromBoard(board, cluster.kubeconfig);
  const ca = caIn(await textOf(board, cluster.kubeconfig));
  if (ca === undefined) throw new BoardError("refused", board.label, `${cluster.kubeconfig} holds no CA`);
  return { ca, client };
}

/**
 * Asks something of the cluster for a board that joins it. An error of the API's client shows all of an answer: only its status is told.
 *
 * @throws BoardError of the board that joins.
 */
export async function askCluster<Result>(
  context: Context,
  board: Board,
  wanted: WantedJoin,
  work: (cluster: ClusterBehind) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(await clusterBehind(context, wanted));
  } catch (error) {
    if (error instanceof BoardError) throw error;
    const what = `node ${wanted.node} cannot join: Kubernetes API: ${requestFailure(error)}`;
    throw new BoardError("refused", board.label, what);
  }
}

/** When a token ends that is good for so many seconds, by the clock of the control plane, which judges it. */
export async function endOfToken(context: Context, { cluster }: WantedJoin, seconds: number): Promise<Date> {
  const board = await context.board(cluster.connection);
  const { stdout } = await board.run("date +%s", { purpose: "reading the control plane's clock" });
  return new Date((Number(stdout) + seconds) * 1000);
}

/**
 * The object of a board's node; `undefined` where the cluster has none.
 *
 * @throws BoardError where the cluster does not say.
 */
export function nodeOf(context: Context, board: Board, wanted: WantedJoin): Promise<V1Node | undefined> {
  return askCluster(context, board, wanted, ({ client }) => nodeApi(client).find(wanted.node));
}

/** Whether a kubelet registers anew: it does so at its start only. A cluster that does not say is taken to have its node. */
async function isUnknown(context: Context, board: Board, wanted: WantedJoin): Promise<boolean> {
  try {
    return (await nodeOf(context, board, wanted)) === undefined;
  } catch (error) {
    if (!(error instanceof BoardError) || error.trouble === "cancelled") throw error;
    return false;
  }
}

/** What the kubelet of a board lacks to be a node of the cluster by itself; empty where it lacks nothing. */
export async function lookAtJoin(context: Context, board: Board, wanted: WantedJoin): Promise<string> {
  const lacking = await lookAtCertificate(context, board, wanted);
  if (lacking !== "") return lacking;
  return (await isUnknown(context, board, wanted)) ? `the cluster has no node ${wanted.node}` : "";
}

/** What the kubelet of a board lacks to come to the cluster without a token; empty where it lacks nothing. */
export async function lookAtCertificate(context: Context, board: Board, wanted: WantedJoin): Promise<string> {
  const { cluster, node, server } = wanted;
  const certificate = quote(joinPaths.certificate);
  // the key stays on the board
  const question = `sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' ${certificate} 2>/dev/null
grep -qe '-END .*PRIVATE KEY-' ${certificate} 2>/dev/null && echo key; true`;
  const [administrator, kubeconfig, ca, { stdout }] = await Promise.all([
    textOf(await context.board(cluster.connection), cluster.kubeconfig),
    textOf(board, joinPaths.kubeconfig),
    textOf(board, joinPaths.ca),
    board.ask("kubelet's certificate", question),
  ]);
  const clusterCa = caIn(administrator);
  if (clusterCa === undefined) return "the cluster is made anew";
  const lines = stdout.split("\n");
  const pem = lines.filter((line) => line !== "key").join("\n");
  const found = { kubeconfig, ca, certificate: pem.trim(), hasKey: lines.includes("key") };
  return lackingOf(found, { node, server, ca: clusterCa }, new Date());
}

/** The text of a file; empty where there is none. */
export async function textOf(board: Board, path: string): Promise<string> {
  const file = await board.file(path);
  return file.kind === "file" ? (file.content?.toString("utf8") ?? "") : "";
}
