import type { RuntimeConfig } from "./config";

/** Where each runtime listens. kubeadm and its documentation write `/var/run`, which is `/run` on every board that runs systemd. */
export const runtimeSockets: Readonly<Record<RuntimeConfig["kind"], string>> = {
  containerd: "unix:///run/containerd/containerd.sock",
  "cri-dockerd": "unix:///run/cri-dockerd.sock",
};

/** A CRI endpoint in one form, whatever form it is written in: `/run/x.sock`, `unix:///var/run/x.sock`. */
export function socketPath(endpoint: string): string {
  return endpoint.replace(/^unix:\/\//, "").replace(/^\/var\/run\//, "/run/");
}
