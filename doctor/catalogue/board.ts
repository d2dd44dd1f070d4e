import type { Entry } from "./entry";

const freeOfKubeadm =
  "free some space: journalctl --vacuum-size=100M, crictl rmi --prune (with Docker: docker image prune --all)";
const renewOfKubeadm =
  "kubeadm certs renew all; then the control plane's pods have to begin anew: move the files of /etc/kubernetes/manifests away for 20 seconds, and back";

/** What a host needs for k3s. */
export const board = {
  "memory-cgroup-off": {
    severity: "error",
    area: "board",
    sentence: "the kernel runs without the memory cgroup: kubelet does not start",
    remedy:
      "add cgroup_enable=memory cgroup_memory=1 to the kernel's command line (k3s-board:board.prerequisites.kernelCommandLine), and reboot",
  },
  "swap-on": {
    severity: "note",
    area: "board",
    sentence: "swap is on ({device}): k3s's kubelet starts with it, and pods do not use it",
    remedy: "nothing has to be done; where you want none: k3s-board:board.prerequisites.swap: disabled",
  },
  "selinux-without-policy": {
    severity: "warning",
    area: "board",
    sentence: "SELinux is enforcing and k3s's policy is not installed",
    remedy:
      "install the package k3s-selinux, or make SELinux permissive: SELINUX=permissive in /etc/selinux/config, and setenforce 0",
  },
  "disk-full": {
    severity: "error",
    area: "board",
    sentence: "{mount} is {percent} % full, {available} are left: kubelet removes images and evicts pods",
    remedy: "free some space: journalctl --vacuum-size=100M, k3s crictl rmi --prune",
    kubeadmRemedy: freeOfKubeadm,
  },
  "inodes-full": {
    severity: "error",
    area: "board",
    sentence: "{mount} has {percent} % of its inodes in use",
    remedy: "find the directory with the many files: du --inodes -xd2 {mount} | sort -n | tail",
  },
  "disk-pressure": {
    severity: "error",
    area: "board",
    sentence: "node {node} is under disk pressure: {reason}",
    remedy: "free some space: journalctl --vacuum-size=100M, k3s crictl rmi --prune",
    kubeadmRemedy: freeOfKubeadm,
    because: ["disk-full", "inodes-full"],
  },
  "clock-skew": {
    severity: "error",
    area: "board",
    sentence: "the board's clock is {skew} {direction}: certificates and tokens are judged by it",
    remedy:
      "set it (date -s @$(date +%s) from a machine whose clock is right), and let it be kept: systemctl enable --now systemd-timesyncd",
  },
  "certificate-expired": {
    severity: "error",
    area: "board",
    sentence: "the certificate {file} expired on {date}",
    remedy: "restart k3s, which renews its own; where that does not help: k3s certificate rotate",
    kubeadmRemedy: renewOfKubeadm,
    because: ["clock-skew", "kubeadm-ca-expired"],
  },
  "certificate-expiring": {
    severity: "warning",
    area: "board",
    sentence: "the certificate {file} expires on {date}, in {left}",
    remedy: "restart k3s, which renews what ends within 120 days (releases from before May 2025: within 90 days)",
    kubeadmRemedy: renewOfKubeadm,
    because: ["certificate-expired"],
  },
  "certificate-not-yet-valid": {
    severity: "error",
    area: "board",
    sentence: "the certificate {file} is valid from {date} on, and the board's clock is before that",
    remedy: "set the board's clock, or make the certificates again: k3s certificate rotate",
    kubeadmRemedy: `set the board's clock, or make the certificates again: ${renewOfKubeadm}`,
    because: ["clock-skew"],
  },
} as const satisfies Record<string, Entry>;
