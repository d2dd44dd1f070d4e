/** `1:1.36.3+k3s1-1.fc43`: an epoch, the number, build metadata; what follows is the distribution's. */
const pattern = /^(?:\d+:)?v?(\d+\.\d+\.\d+)(?!\d)(\+[0-9A-Za-z.]+)?/;

/**
 * The version of Kubernetes, or of k3s, in a package's, without the distribution's epoch and release: `v1.36.3` of `1:1.36.3-1.fc43`. `undefined`
 * where it cannot be read.
 */
export function kubernetesVersion(version: string): string | undefined {
  const [, number, build = ""] = pattern.exec(version) ?? [];
  return number === undefined ? undefined : `v${number}${build}`;
}

/** True unless both versions can be read and are of different Kubernetes; what k3s or the distribution adds to a version does not matter. */
export function mayBeSameKubernetes(one: string, other: string): boolean {
  const [a, b] = [one, other].map((version) => pattern.exec(version)?.[1]);
  return a === undefined || b === undefined || a === b;
}
