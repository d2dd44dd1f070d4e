import type { Entry } from "./entry";

/** Boards that kubeadm makes nodes: their runtime, kubelet and what an earlier init left. */
export const kubeadm = {
  "network-plugin-none": {
    severity: "error",
    area: "network",
    sentence:
      "cri-dockerd runs without a network plugin: pods are in Docker's own network{network} and not in the cluster's, and services do not reach them",
    remedy:
      "cri-docker.service: --network-plugin=cni in ExecStart (npm run up writes it), systemctl daemon-reload && systemctl restart cri-docker; then make the pods anew (kubectl delete pod): they keep the network that they began with",
  },
  "sandbox-image-missing": {
    severity: "error",
    area: "images",
    sentence:
      "the sandbox image {image} is not in Docker and cannot be pulled: no pod can start, not even the control plane's",
    remedy:
      "bring it (docker pull, or docker load), or name one that can be pulled: --pod-infra-container-image in ExecStart of cri-docker.service (k3s-board:kubeadm.imageRepository decides it)",
  },
  "cgroup-driver-differs": {
    severity: "error",
    area: "services",
    sentence: "kubelet is configured for the cgroup driver {kubelet}, {runtime} uses {driver}",
    remedy:
      "make them the same, systemd where systemd runs the board: cgroupDriver in /var/lib/kubelet/config.yaml, {setting}; restart both (k3s-board:kubeadm.runtime.cgroupDriver sets both)",
  },
  "cri-sockets-ambiguous": {
    severity: "warning",
    area: "services",
    sentence:
      "{count} container runtimes listen ({sockets}) and nothing says which is kubelet's: kubeadm refuses to choose",
    remedy:
      "name it: nodeRegistration.criSocket in kubeadm's configuration, or --cri-socket unix://{socket} for kubeadm join and kubeadm reset (k3s-board:kubeadm.runtime does)",
  },
  "kubeadm-leftovers": {
    severity: "error",
    area: "services",
    sentence: "an earlier kubeadm init left {what}, and the node has no cluster: the next init refuses to start",
    remedy: "kubeadm reset --cri-socket {socket}, then npm run up; /etc/cni/net.d and iptables are not cleared by it",
  },
  "kubeadm-ca-expired": {
    severity: "error",
    area: "services",
    sentence: "the cluster's CA {file} expired on {date}, and nothing that it has signed is believed any more",
    remedy:
      "kubeadm certs renew leaves CAs as they are: make the cluster anew (npm run destroy, npm run up) with its workloads, or rotate the CA by hand: kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates",
    because: ["clock-skew"],
  },
  "kubernetes-port-in-use": {
    severity: "error",
    area: "services",
    sentence: "port {port}, which {component} needs, is in use by {program}",
    remedy:
      "stop {program}, or what is left of an earlier cluster with kubeadm reset: ss -ltnp 'sport = :{port}' shows who it is",
  },
  "runtime-down": {
    severity: "error",
    area: "services",
    sentence: "{unit} does not run: {state}",
    remedy: "journalctl -u {unit} -n 50 shows why; systemctl start {unit}",
    because: ["disk-full", "cgroup-driver-differs"],
  },
  "swap-refused": {
    severity: "error",
    area: "board",
    sentence: "swap is on ({device}), and kubelet does not start with it",
    remedy:
      "k3s-board:board.prerequisites.swap: disabled, or by hand: swapoff -a, and take out what brings it at boot (its line in /etc/fstab, the unit that makes the device); or let kubelet bear it: failSwapOn: false in /var/lib/kubelet/config.yaml",
  },
  "kubelet-down": {
    severity: "error",
    area: "services",
    sentence: "kubelet does not run: {state}",
    remedy: "journalctl -u kubelet -n 50 shows why; systemctl start kubelet",
    because: [
      "cgroup-driver-differs",
      "runtime-down",
      "swap-refused",
      "memory-cgroup-off",
      "disk-full",
      "kubernetes-port-in-use",
      "certificate-expired",
      "kubeadm-ca-expired",
      "certificate-not-yet-valid",
    ],
  },
} as const satisfies Record<string, Entry>;
