import { downed, hostFaults, type Entry } from "./entry";

/** k3s itself, its configuration and manifests, nodes and pods. */
export const services = {
  "manifest-edited": {
    severity: "warning",
    area: "services",
    sentence: "{file} was edited, and k3s writes its own over it at its next start",
    remedy:
      "keep it as an own manifest under another name (k3s-board:manifests), and switch the bundled one off with k3s-board:k3s.disable",
  },
  "manifest-disabled": {
    severity: "error",
    area: "services",
    sentence: "{file} is taken for the bundled {component}, which is disabled: k3s deletes it and its objects",
    remedy: "name the file custom-{component}.yaml",
  },
  "token-mismatch": {
    severity: "error",
    area: "services",
    sentence: "{unit} is refused for its token: {reason}",
    remedy:
      "give the agent the server's token (k3s-board:k3s.token); a server keeps the one its datastore was made with, change it with k3s token rotate",
  },
  "version-skew": {
    severity: "warning",
    area: "services",
    sentence: "node {node} has Kubernetes {found}, the server has {version}: {reason}",
    remedy: "upgrade the server first and then the agents, one minor version at a time",
  },
  "config-not-running": {
    severity: "warning",
    area: "services",
    sentence: "{file} was changed after {unit} started: what runs is what was written before",
    remedy: "systemctl restart {unit}",
  },
  "unit-not-reloaded": {
    severity: "warning",
    area: "services",
    sentence: "the unit of {unit} or a drop-in was changed and systemd has not read it again",
    remedy: "systemctl daemon-reload && systemctl restart {unit}",
  },
  "config-unknown-key": {
    severity: "warning",
    area: "services",
    sentence: "k3s {version} does not know the key {key} in {file}",
    remedy: "check its spelling in docs/k3s-configuration.md; a server skips it silently, an agent does not start",
  },
  "k3s-down": {
    severity: "error",
    area: "services",
    sentence: "{unit} does not run: {state}",
    remedy: "journalctl -u {unit} -n 50 shows why; systemctl start {unit}",
    because: ["token-mismatch", "memory-cgroup-off", "disk-full", "certificate-expired", "certificate-not-yet-valid"],
  },
  "k3s-missing": {
    severity: "note",
    area: "services",
    sentence: "there is no k3s on the board",
    remedy: "npm run up",
  },
  "containerd-down": {
    severity: "error",
    area: "services",
    sentence: "containerd does not answer: {reason}",
    remedy: "journalctl -u {unit} | grep -i containerd shows why; systemctl restart {unit}",
    because: ["k3s-down", "disk-full"],
  },
  "node-not-ready": {
    severity: "error",
    area: "services",
    sentence: "node {node} is not Ready: {reason}",
    remedy: "kubectl describe node {node}",
    because: [...downed, "cni-missing", "disk-full", "inodes-full", "disk-pressure", "memory-cgroup-off"],
  },
  "pod-not-ready": {
    severity: "warning",
    area: "pods",
    sentence: "pod {pod} is not Ready: {reason}",
    remedy: "kubectl -n {namespace} describe pod {name}",
    because: [...downed, "node-not-ready", ...hostFaults],
  },
} as const satisfies Record<string, Entry>;
