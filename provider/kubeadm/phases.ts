import { originals } from "../files/originals";
import { stateDirectory } from "../ssh/file-questions";
import { quote } from "../ssh/shell";

/** Where kubeadm's files lie on a control plane. */
export const kubeadmPaths = {
  config: "/etc/kubernetes/kubeadm.yaml",
  admin: "/etc/kubernetes/admin.conf",
  superAdmin: "/etc/kubernetes/super-admin.conf",
  manifests: "/etc/kubernetes/manifests",
} as const;

/** Static pods of a control plane. */
export const staticPods = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;

/** Says that an init of ours has begun on the board; what is there without it is somebody else's. */
export const initRecord = `${stateDirectory}/kubeadm-init`;

/** What an init leaves that another one trips over. */
const leftovers = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/kubelet.conf",
  "/etc/kubernetes/pki/ca.crt",
  "/etc/kubernetes/manifests/*.yaml",
  "/var/lib/etcd/member",
];

/**
 * Shell that begins an init, or goes on with one of ours that was interrupted. Where its etcd has never run there is nothing to keep, and
 * whatever half of a file it left goes; where it has, kubeadm's phases take up what is there. Prints `fresh` where it begins.
 *
 * Fails for what an earlier init has left that was not ours, says what it is and how to reset it, and touches nothing.
 */
export function beginScript(kubeadm: string, criSocket: string): string {
  const reset = `${kubeadm} reset --cri-socket ${criSocket}`;
  return `${originals}
if [ ! -e ${initRecord} ]; then
  left=
  for path in ${leftovers.join(" ")}; do [ ! -e "$path" ] || left="$left $path"; done
  [ -z "$left" ] || fail "an earlier init, which is not this stack's, is on the board:$left. Reset it there (${reset}) and remove what it names"
fi
lock
if [ ! -e /var/lib/etcd/member ]; then
  : >${initRecord} && sync -- ${initRecord} || fail "${initRecord} cannot be written"
  rm -rf /etc/kubernetes/pki /etc/kubernetes/*.conf ${kubeadmPaths.manifests}/*.yaml
  echo fresh
fi`;
}

/** Shell that runs phases of `kubeadm init` one after the other; the first that fails ends it, with kubeadm's words. */
export function phasesScript(kubeadm: string, phases: readonly string[]): string {
  return phases
    .map(
      (phase) =>
        `${quote(kubeadm)} init phase ${phase} --config ${kubeadmPaths.config} >&2 || fail "kubeadm init phase ${phase} failed"`,
    )
    .join("\n");
}

/** Phases that write certificates, kubeconfigs and static pods. They take up what is there. */
export const filePhases: readonly string[] = ["certs all", "kubeconfig all", "control-plane all", "etcd local"];

/** Phases that need the API server: what kubeadm keeps in the cluster, and its addons. */
export const clusterPhases: readonly string[] = [
  "upload-config all",
  "mark-control-plane",
  "bootstrap-token --skip-token-print",
  "addon all",
];
