/** Minor versions of Kubernetes 1 that kubeadm boards are made for. */
export const supportedMinors = { oldest: 30, newest: 36 } as const;

/** Minor version of a Kubernetes version; `undefined` for anything else. */
export function minorOf(version: string): number | undefined {
  const minor = /^v?1\.(\d+)\.\d+/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Why a Kubernetes version is not supported, with what replaces it; `undefined` for one that is, and for what is no version. */
export function versionProblem(version: unknown): string | undefined {
  const minor = typeof version === "string" ? minorOf(version) : undefined;
  if (minor === undefined) return undefined;
  const { oldest, newest } = supportedMinors;
  if (minor < oldest)
    return `Kubernetes ${String(version)} is not supported: 1.${oldest} to 1.${newest} are; make a new cluster with 1.${newest} and move the workloads to it`;
  if (minor > newest) return `Kubernetes ${String(version)} is newer than 1.${newest}, the newest that is supported`;
  return undefined;
}
