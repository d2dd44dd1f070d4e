import { originals } from "../files/originals";
import { stateDirectory } from "../ssh/file-questions";
import { quote } from "../ssh/shell";
import { joinPaths } from "./join-files";

/** Where kubeadm's files lie on a control plane. */
export const kubeadmPaths = {
  config: "/etc/kubernetes/kubeadm.yaml",
  admin: "/etc/kubernetes/admin.conf",
  superAdmin: "/etc/kubernetes/super-admin.conf",
  manifests: "/etc/kubernetes/manifests",
} as const;

/** Static pods of a control plane. */
export const staticPods = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;

/** Where a static pod lies. */
export function manifestPath(name: string): string {
  return `${kubeadmPaths.manifests}/${name}.yaml`;
}

/**
 * Static pods that are held back until the API server answers. All four at once ask it, and itself, for so much while it starts that on a slow
 * board what it has to have done within a minute is not, and it ends itself.
 */
export const laterPods: readonly (typeof staticPods)[number][] = ["kube-controller-manager", "kube-scheduler"];

/** Where a static pod waits that is held back: kubelet passes over files with such names. */
export function heldBackPath(name: string): string {
  return `${kubeadmPaths.manifests}/.${name}.yaml`;
}

/** Shell that holds {@link laterPods} back, which kubeadm has just written, while there is no kubelet; where there is one, none waits any more. */
export const holdBackScript = `if systemctl is-active --quiet kubelet.service; then rm -f ${laterPods.map(heldBackPath).join(" ")}; else
${laterPods.map((name) => `  mv -f ${manifestPath(name)} ${heldBackPath(name)} || fail "${manifestPath(name)} cannot be held back"`).join("\n")}
fi`;

/**
 * Shell behind phases of kubeadm, which does not wait until its files are on disk: its etcd, once kubelet runs it, does, and where that has run
 * {@link beginScript} keeps what is there.
 */
export const onDiskScript = `sync -f -- ${kubeadmPaths.manifests} || fail "what kubeadm has written cannot be written to disk"`;

/** Shell that lets them in. */
export const letInScript = laterPods
  .map(
    (name) =>
      `[ ! -e ${heldBackPath(name)} ] || mv -f ${heldBackPath(name)} ${manifestPath(name)} || fail "${manifestPath(name)} cannot be written"`,
  )
  .join("\n");

/** Says that an init of ours has begun on the board; what is there without it is somebody else's. */
export const initRecord = `${stateDirectory}/kubeadm-init`;

/** Says that a join of ours has begun on the board; holds how often kubelet was given something to join with, and the name of the node. */
export const joinRecord = `${stateDirectory}/kubeadm-join`;

/** A changed configuration while kubeadm works with it: {@link kubeadmPaths} `config` is the last that all of the control plane has. */
export const stagedConfig = `${stateDirectory}/kubeadm.yaml`;

/** Where a stand-in for kubelet lies while kubeadm looks at the host. */
const standIn = `${stateDirectory}/kubeadm-preflight`;

/** The pods' network, which a program of flannel's service writes: left behind, it would be the network of the next cluster too. */
export const flannelConflist = "/etc/cni/net.d/00-k3s-board-flannel.conflist";

/** What of ours is on the board besides what other resources remember. */
export const ownTraces: readonly string[] = [
  ...[initRecord, joinRecord].flatMap((record) => [record, unwritten(record)]),
  stagedConfig,
  standIn,
  flannelConflist,
  `${flannelConflist}.k3s-board-new`,
  ...laterPods.map(heldBackPath),
];

/** The kubeconfigs that an init writes. */
const kubeconfigs = ["admin", "super-admin", "kubelet", "bootstrap-kubelet", "controller-manager", "scheduler"].map(
  (name) => `/etc/kubernetes/${name}.conf`,
);

/** What an init or a join leaves that another one trips over. Certificates that a person put there for kubeadm are among them: they would be lost. */
const leftovers = [...kubeconfigs, "/etc/kubernetes/pki/*", `${kubeadmPaths.manifests}/*.yaml`, "/var/lib/etcd/member"];

/**
 * Shell that fails for what an init or a join has left that was not ours, says what it is and how to reset it, and touches nothing.
 *
 * @param record - is there where what is there is ours.
 */
function refuseLeftovers(record: string, kubeadm: string, criSocket: string): string {
  const reset = `${kubeadm} reset --cri-socket ${criSocket}`;
  return `if [ ! -e ${record} ]; then
  left=
  for path in ${leftovers.join(" ")}; do [ ! -e "$path" ] || left="$left $path"; done
  [ -z "$left" ] || fail "an earlier init or join, which is not this stack's, is on the board:$left. Reset it there (${reset}) and remove what it names"
fi`;
}

/** A record before it takes its place. */
function unwritten(record: string): string {
  return `${record}.new`;
}

function writeRecord(record: string, content: string): string {
  const fresh = unwritten(record);
  return `echo "${content}" >${fresh} && sync -- ${fresh} && mv -f ${fresh} ${record} && sync -- ${stateDirectory} || fail "${record} cannot be written"`;
}

/**
 * Shell that begins an init, or goes on with one of ours that was interrupted. Where its etcd has never run there is nothing to keep, and
 * whatever half of a file it left goes; where it has, kubeadm's phases take up what is there. Prints `fresh` where it begins.
 *
 * Fails for what {@link refuseLeftovers} finds.
 */
export function beginScript(kubeadm: string, criSocket: string): string {
  return `${originals}
${refuseLeftovers(initRecord, kubeadm, criSocket)}
lock
if [ ! -e /var/lib/etcd/member ]; then
  ${writeRecord(initRecord, "")}
  rm -rf /etc/kubernetes/pki ${kubeconfigs.join(" ")} ${kubeadmPaths.manifests}/*.yaml ${laterPods.map(heldBackPath).join(" ")}
  echo fresh
fi`;
}

/**
 * Shell that begins a join, or does nothing where one of ours has begun. Prints how often kubelet was given something to join with.
 *
 * Fails for what {@link refuseLeftovers} finds, and where the board is another node of a stack, whose end would take this one along.
 */
export function beginJoinScript(kubeadm: string, criSocket: string, node: string): string {
  return `${originals}
${refuseLeftovers(joinRecord, kubeadm, criSocket)}
lock
node=${quote(node)}
[ -e ${joinRecord} ] || { ${writeRecord(joinRecord, "0 $node")}; }
read -r attempt owner <${joinRecord}
[ "$owner" = "$node" ] || fail "the board is the node $owner: take that one out of the configuration, run up, and only then add $node"
echo "$attempt"`;
}

/**
 * Shell that counts another attempt to join, and takes away what kubelet was a node by: whatever is there later is of this attempt. Prints its
 * number.
 *
 * @param former - of the attempt that the stack knows: a board with a new disk counts on from there.
 */
export function attemptScript(former: string): string {
  return `${originals}
lock
read -r attempt owner <${joinRecord}
[ "$attempt" -ge ${quote(former)} ] || attempt=${quote(former)}
attempt=$((attempt + 1))
${writeRecord(joinRecord, "$attempt $owner")}
rm -f ${joinPaths.kubeconfig} ${joinPaths.certificate} || fail "it cannot be removed"
echo "$attempt"`;
}

/** How often the checks are tried: kubeadm gives the runtime 2 s to answer, which none of its settings changes, and a board may be busy. */
const preflightAttempts = 3;

/**
 * Shell that has kubeadm check the host and pull the images. kubeadm asks kubelet for its version, and kubelet comes later, in a transaction of its
 * own: where there is none, a stand-in tells the version that it will have.
 *
 * @param version - of Kubernetes: `v1.36.3`.
 * @param ignored - checks that may fail, by kubeadm's names.
 */
export function preflightScript(kubeadm: string, version: string, ignored: readonly string[]): string {
  const preflight = [kubeadm, "init", "phase", "preflight", `--ignore-preflight-errors=${ignored.join(",")}`];
  return `if ! command -v kubelet >/dev/null; then
  mkdir -p ${standIn} && printf '#!/bin/sh\necho Kubernetes %s\n' ${quote(version)} >${standIn}/kubelet && chmod 0755 ${standIn}/kubelet || fail "${standIn} cannot be written"
  PATH=$PATH:${standIn}
fi
attempt=1
until ${preflight.map(quote).join(" ")} --config ${kubeadmPaths.config} >&2; do
  [ $attempt -lt ${preflightAttempts} ] || { rm -rf ${standIn}; fail "kubeadm init phase preflight failed"; }
  attempt=$((attempt + 1)); sleep 10
done
rm -rf ${standIn}`;
}

/**
 * Shell that runs phases of `kubeadm init` one after the other; the first that fails ends it, with kubeadm's words.
 *
 * @param config - path of kubeadm's configuration.
 */
export function phasesScript(kubeadm: string, phases: readonly string[], config: string = kubeadmPaths.config): string {
  return phases
    .map(
      (phase) =>
        `${quote(kubeadm)} init phase ${phase} --config ${config} >&2 || fail "kubeadm init phase ${phase} failed"`,
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
