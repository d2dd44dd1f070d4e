/** Container runtimes that a kubeadm board can have. */
export const runtimeKinds = ["containerd", "cri-dockerd"] as const;

/** One of {@link runtimeKinds}. */
export type RuntimeKind = (typeof runtimeKinds)[number];

/** Where each listens, as kubeadm writes it (cmd/kubeadm/app/constants/constants_unix.go). `/var/run` is `/run` on every board that runs systemd. */
export const runtimeSockets: Readonly<Record<RuntimeKind, string>> = {
  containerd: "unix:///var/run/containerd/containerd.sock",
  "cri-dockerd": "unix:///var/run/cri-dockerd.sock",
};

/** A CRI endpoint in one form, whatever form it is written in: `/run/x.sock`, `unix:///var/run/x.sock`. */
export function socketPath(endpoint: string): string {
  return endpoint.replace(/^unix:\/\//, "").replace(/^\/var\/run\//, "/run/");
}

/** The runtime that listens at an endpoint, or `undefined` for another one. */
export function runtimeAt(endpoint: string): RuntimeKind | undefined {
  return runtimeKinds.find((kind) => socketPath(runtimeSockets[kind]) === socketPath(endpoint));
}
