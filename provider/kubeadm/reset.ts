import { recordOf, temporaryOf } from "../files/originals";
import { depthOf } from "../kubernetes/on-destroy";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { kubeadmPaths, manifestPath, ownTraces, staticPods } from "./phases";

/**
 * Shell that takes away what we remember of a control plane, with the lock held: also of an init that was killed, of which the engine has no
 * resource. An init of ours began where there were no static pods, so that none comes back.
 */
export const forgetScript = [
  `rm -rf ${ownTraces.join(" ")}`,
  `restore ${[kubeadmPaths.config, recordOf(kubeadmPaths.config), temporaryOf(kubeadmPaths.config)].map(quote).join(" ")}`,
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
