import type { KubeadmConfig } from "../components/kubeadm/config";
import * as board from "../provider";
import { configuredVersion, runningVersion } from "../provider/kubeadm/cluster-version";
import { initRecord, kubeadmPaths, manifestPath } from "../provider/kubeadm/phases";
import { ConfigError } from "./config";

/**
 * Asks the control plane's board which Kubernetes its cluster has. The control plane would refuse another version too, but only when its turn comes:
 * programs and packages are replaced by then, and images pushed.
 *
 * @throws ConfigError where it is another one than the configuration's.
 */
export async function refuseOtherVersion(
  { version }: Pick<KubeadmConfig, "version">,
  connection: board.ConnectionArgs,
): Promise<void> {
  const paths = [initRecord, kubeadmPaths.config, manifestPath("kube-apiserver")];
  const files = await Promise.all(paths.map((path) => board.getFile({ connection, path })));
  const [record, config, apiServer] = files.map(({ content }) => content);
  // what somebody else's init left is refused with the command that resets it, when the control plane is made
  if (record === undefined) return;
  const there = configuredVersion(config ?? "");
  // one of the two by itself is a change by hand, or an init that was killed
  if (there === version || there !== runningVersion(apiServer ?? "")) return;
  const reason = `the cluster has Kubernetes ${there}, and upgrades are not supported: set it to ${there}, or destroy the stack and make it anew with ${version}`;
  throw new ConfigError([{ path: "kubeadm.version", reason }]);
}
