import type { Section } from "./section";
import { showFiles } from "./show-files";

/** Ports of a control plane and of kubelet, with the program that has each (kubernetes.io: Ports and Protocols). */
export const kubernetesPorts: Readonly<Record<number, string>> = {
  2379: "etcd",
  2380: "etcd",
  6443: "kube-apiserver",
  10250: "kubelet",
  10257: "kube-controller-manager",
  10259: "kube-scheduler",
};

/** Units whose last lines are wanted. */
const journalUnits = ["kubelet", "docker", "cri-docker"] as const;

/** Says which network the cluster's pods have: kubeadm's own configuration is in the API server only. */
const controllerManager = "/etc/kubernetes/manifests/kube-controller-manager.yaml";

/** Ends a section with nothing to say where neither kubeadm nor anything of it is. */
const onlyKubeadm = `command -v kubeadm >/dev/null || [ -d /etc/kubernetes ] || [ -f /var/lib/kubelet/kubeadm-flags.env ] || exit 0
`;

/** Sets `$E` to the CRI endpoint that kubelet of kubeadm's node asks, without a process; empty where nothing names one. */
export const kubeletEndpoint = `E=
for f in /var/lib/kubelet/config.yaml /var/lib/kubelet/instance-config.yaml; do
  [ -r "$f" ] || continue
  while read -r k v; do case $k in containerRuntimeEndpoint:) v=\${v#[\\"\\']}; v=\${v%[\\"\\']}; E=\${v:-$E} ;; esac; done <"$f"
done
if [ -r /var/lib/kubelet/kubeadm-flags.env ]; then
  read -r v </var/lib/kubelet/kubeadm-flags.env
  case $v in *--container-runtime-endpoint=*) E=\${v#*--container-runtime-endpoint=}; E=\${E%%[\\" ]*} ;; esac
fi
`;

/** Says the same as Docker's command line, which some distributions have in a package of its own; nothing else of the answer, which is long. */
const askDocker = `ask() { curl -s -m 4 --noproxy '*' --unix-socket /run/docker.sock "http://d/$1" 2>/dev/null; }
    i=$(ask info)
    case $i in *'"CgroupDriver":"'*) d=\${i#*'"CgroupDriver":"'}; v=\${i#*'"ServerVersion":"'}; echo "docker=\${v%%'"'*} \${d%%'"'*}" ;; esac
    ask images/json | tr '{' '\\n' | sed -n 's/.*"RepoTags":\\[\\([^]]*\\)\\].*/\\1/p' | tr ',' '\\n' | sed -n 's/^"\\(.*\\)"$/image=\\1/p' | head -n 200`;

/** What is asked of a board that kubeadm makes a node. Other boards answer with nothing. */
export const kubeadmSections = {
  kubeadm: {
    title: "kubeadm's node",
    command: `${onlyKubeadm}echo kubeadm=present
for f in /etc/kubernetes/manifests/*; do [ -f "$f" ] && echo "manifest=\${f##*/}"; done
[ -f ${controllerManager} ] && sed -n 's/^ *- --cluster-cidr=/pods=/p' ${controllerManager}
[ -d /var/lib/etcd/member ] && echo etcd=present
for f in /etc/kubernetes/*.conf; do [ -f "$f" ] && echo "kubeconfig=\${f##*/}"; done
for s in /run/containerd/containerd.sock /run/cri-dockerd.sock /run/crio/crio.sock; do [ -S $s ] && echo "socket=$s"; done
command -v ss >/dev/null && ss -Hltnp | while read -r _ _ _ a _ u; do
  case $a in *:${Object.keys(kubernetesPorts).join("|*:")}) u=\${u#*\\"}; echo "listen=\${a##*:} \${u%%\\"*}" ;; esac; done
if systemctl is-active -q docker; then
  ip -4 -br addr show docker0 2>/dev/null | while read -r _ _ a _; do echo "bridge=$a"; done
  if command -v docker >/dev/null; then
    docker info -f 'docker={{.ServerVersion}} {{.CgroupDriver}}' 2>/dev/null
    docker image ls --format 'image={{.Repository}}:{{.Tag}}' 2>/dev/null | head -n 200
  elif command -v curl >/dev/null; then
    ${askDocker}
  fi
fi
for c in /usr/local/bin/cri-dockerd /usr/bin/cri-dockerd; do [ -x $c ] && { echo "cri-dockerd=$($c --version 2>&1 | head -n 1)"; break; }; done; :`,
    seconds: 12,
    bytes: 48 * 1024,
  },
  "journal-kubeadm": {
    title: "journal of kubelet and its runtime",
    command: `${onlyKubeadm}for u in ${journalUnits.join(" ")}; do
  journalctl --quiet --no-pager -o short-iso -n 300 -u $u.service | cut -c 1-700 | sed "s/^/$u /"; done; :`,
    seconds: 10,
    bytes: 384 * 1024,
  },
  "kubeadm-files": {
    title: "configuration of kubelet and Docker",
    command: `${onlyKubeadm}${showFiles}show /var/lib/kubelet/config.yaml /var/lib/kubelet/instance-config.yaml /var/lib/kubelet/kubeadm-flags.env \
/etc/systemd/system/kubelet.service.d/* /etc/systemd/system/cri-docker.service.d/* /etc/docker/daemon.json /etc/containerd/config.toml; :`,
    seconds: 5,
    bytes: 96 * 1024,
  },
} as const satisfies Record<string, Section>;
