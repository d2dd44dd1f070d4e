import { ApiException, CoreV1Api } from "@kubernetes/client-node";
import { z } from "zod";
import { lineDiff } from "../files/line-diff";
import { originals } from "../files/originals";
import { absolutePath } from "../files/schema";
import { lastLines } from "../files/write";
import { clientFromBoard } from "../kubernetes/client";
import { requestFailure } from "../kubernetes/health";
import { markNode } from "../kubernetes/mark-node";
import { nodeApi } from "../kubernetes/node-api";
import { type Context, PartialFailure, type ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { clusterPhases, kubeadmPaths, letInScript, phasesScript } from "./phases";
import { refuseKeepData } from "./reset";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Path of kubeadm on the board. */
  kubeadm: absolutePath,
  /** Text of its configuration, which lies on the board. */
  config: z.string(),
  /** Name of the control plane's node. */
  node: z.string().min(1),
  /** Taints that the control plane's node is to have, `key=value:effect` or `key:effect`. */
  taints: z.array(z.string()).default([]),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** kubeadm's configuration in the cluster, as its phases left it. */
  readonly uploaded: string;
  /** What is there now. */
  readonly found: string;
}

/** Seconds for all phases: each starts kubeadm, which takes long enough on a slow board. */
const phaseSeconds = 1800;

/** What a kubeconfig has that brings its certificate along. */
const embedded = "client-certificate-data";

/** The taint that kubeadm marks a control plane with. */
const controlPlaneTaint = "node-role.kubernetes.io/control-plane:NoSchedule";

/** What kubeadm keeps in the cluster: its configuration, the rules by which nodes join, and the addons CoreDNS and kube-proxy. */
export const kubeadmCluster: ResourceType<Inputs, State> = {
  token: "board:index:KubeadmCluster",
  inputs,
  secretOutputs: [],
  ignored: ["kubeadm"],

  diff(state, wanted) {
    const isUnfinished = state.uploaded === "";
    const isDrift = isUnfinished || state.uploaded !== state.found;
    const changed = (["config", "node"] as const).filter((key) => state[key] !== wanted[key]);
    const taints = state.taints.join(" ") === wanted.taints.join(" ") ? [] : ["taints"];
    return {
      changed: [...changed, ...taints, ...(isDrift ? ["found"] : [])],
      notes: isUnfinished
        ? ["kubeadm sets the cluster up: an earlier run did not come to its end"]
        : isDrift
          ? [
              `kubeadm's configuration in the cluster was changed; kubeadm uploads it again:\n${lineDiff(state.found, state.uploaded).join("\n")}`,
            ]
          : [],
    };
  },

  async announce(context, wanted) {
    const kubeconfig = await (await context.board(wanted.connection)).file("/etc/kubernetes/kubelet.conf");
    const isFinal = kubeconfig.kind === "file" && kubeconfig.content?.includes(embedded) === false;
    return isFinal ? [] : ["kubelet.service restarts: from now on it uses the certificate that it renews itself"];
  },

  async create(context, wanted) {
    return { id: wanted.node, state: await apply(context, wanted) };
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { uploaded, found: _found, ...wanted } = state;
    // a reset by hand takes the administrator's kubeconfig, and the cluster
    if ((await board.file(kubeadmPaths.admin)).kind === "absent")
      return { state: { ...state, found: "" }, inputs: wanted };
    try {
      return { state: { ...state, found: await uploadedConfig(board) }, inputs: wanted };
    } catch (error) {
      // that it does not answer is what the gate tells
      context.log("warning", `kubeadm's configuration in the cluster was not looked at: ${requestFailure(error)}`);
      return { state: { ...state, found: uploaded }, inputs: wanted };
    }
  },

  update: (context, _id, _old, wanted) => apply(context, wanted),

  async delete(context, _id, state) {
    // it goes with the cluster; what refuses a reset does so here, while kubelet still runs
    refuseKeepData(await context.board(state.connection));
  },
};

async function apply(context: Context, wanted: Inputs): Promise<State> {
  const board = await context.board(wanted.connection);
  // kubelet has made a certificate that it renews, and kubeadm wrote one into its kubeconfig that nobody renews
  const script = `${originals}
lock
${letInScript}
${phasesScript(wanted.kubeadm, clusterPhases)}
if grep -q ${embedded} /etc/kubernetes/kubelet.conf; then
${phasesScript(wanted.kubeadm, ["kubelet-finalize all"])}
fi`;
  const { code, stderr } = await board.run(script, {
    purpose: "setting the cluster up with kubeadm",
    timeoutSeconds: phaseSeconds,
  });
  if (code !== 0) {
    const reason = new BoardError(
      "refused",
      board.label,
      `the cluster was not set up: ${context.mask(lastLines(stderr, 12))}`,
      "The same command again goes on where it is",
    );
    throw new PartialFailure(wanted.node, { ...wanted, uploaded: "", found: "" }, reason);
  }
  try {
    await mark(board, wanted);
    const uploaded = await uploadedConfig(board);
    return { ...wanted, uploaded, found: uploaded };
  } catch (error) {
    const reason =
      error instanceof BoardError
        ? error
        : new BoardError(
            "refused",
            board.label,
            `the cluster is set up, and what is then done in it failed: ${requestFailure(error)}`,
            "The same command again goes on where it is",
          );
    throw new PartialFailure(wanted.node, { ...wanted, uploaded: "", found: "" }, reason);
  }
}

/** Gives the node the taints that it is to have; kubeadm's phase adds its own and takes none away. */
async function mark(board: Board, { node, taints }: Inputs): Promise<void> {
  const api = nodeApi(await clientFromBoard(board, kubeadmPaths.admin));
  const there = await api.find(node);
  if (there === undefined) throw new BoardError("refused", board.label, `the cluster has no node ${node}`);
  await markNode(api, there, { labels: {}, taints: [controlPlaneTaint] }, { labels: {}, taints });
}

/** kubeadm's configuration in the cluster; empty where there is none, and where the administrator is a stranger to the cluster: it was made anew. */
async function uploadedConfig(board: Board): Promise<string> {
  const core = (await clientFromBoard(board, kubeadmPaths.admin)).api(CoreV1Api);
  try {
    const { data } = await core.readNamespacedConfigMap({ name: "kubeadm-config", namespace: "kube-system" });
    return data?.ClusterConfiguration ?? "";
  } catch (error) {
    if (error instanceof ApiException && [401, 403, 404].includes(error.code)) return "";
    throw error;
  }
}
