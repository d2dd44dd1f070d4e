/** The Kubernetes version in kubeadm's configuration; empty where it names none. */
export function configuredVersion(config: string): string {
  return /^kubernetesVersion: (\S+)$/m.exec(config)?.[1] ?? "";
}

/** The Kubernetes version that the static pod of an API server runs; `undefined` where it is no such pod. */
export function runningVersion(apiServer: string): string | undefined {
  return /image: \S+\/kube-apiserver:(\S+)/.exec(apiServer)?.[1];
}
