import { originals, recordOf, temporaryOf } from "../files/originals";
import { lastLines } from "../files/write";
import { depthOf } from "../kubernetes/on-destroy";
import type { Context } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { joinPaths } from "./join-files";
import { joinRecord, kubeadmPaths, manifestPath, ownTraces, staticPods } from "./phases";

const restored = (path: string) => `restore ${[path, recordOf(path), temporaryOf(path)].map(quote).join(" ")}`;

/**
 * Shell that takes away what we remember of a control plane or of a join, with the lock held: also of one that was killed, of which the engine has no
 * resource. An init of ours began where there were no static pods, and a join where there were no kubeconfigs, so that none comes back.
 */
export const forgetScript = [
  `[ ! -e ${joinRecord} ] || rm -f ${joinPaths.kubeconfig}`,
  ...[joinPaths.bootstrap, joinPaths.ca].map(restored),
  `rm -rf ${ownTraces.join(" ")}`,
  restored(kubeadmPaths.config),
  ...staticPods
    .map(manifestPath)
    .map((path) => `rm -rf ${quote(path)} ${quote(temporaryOf(path))} $state/original/${quote(recordOf(path))}`),
].join("\n");

/** @throws BoardError where the cluster's data was to be kept: kubeadm's reset knows no such thing. */
export function refuseKeepData(board: Board): void {
  if (depthOf(undefined, process.env) !== "keepData") return;
  const what = "a cluster of kubeadm is reset with its data: keepData is for k3s";
  throw new BoardError("refused", board.label, what, "Run destroy without it");
}

/** Seconds for a reset: a slow runtime takes minutes to end its pods. */
const resetSeconds = 3600;

/**
 * kubeadm's own reset, where its program is there; what that leaves goes with `KubeadmData`.
 *
 * @param record - without it there has been no init or join of ours, and what is there is not ours to reset.
 */
export async function resetNode(
  context: Context,
  board: Board,
  { kubeadm, criSocket }: { readonly kubeadm: string; readonly criSocket: string },
  record: string,
): Promise<void> {
  const script = `${originals}
[ -d $state ] || exit 0
if [ -e ${record} ] && [ -x ${quote(kubeadm)} ]; then ${quote(kubeadm)} reset --force --cri-socket ${quote(criSocket)} >&2 || exit 1; fi
lock
${forgetScript}
tidy`;
  const { code, stderr } = await board.run(script, {
    purpose: "resetting the node with kubeadm",
    timeoutSeconds: resetSeconds,
  });
  if (code !== 0)
    throw new BoardError("refused", board.label, `kubeadm reset failed: ${context.mask(lastLines(stderr, 6))}`);
}
