/** Names of the images that a k3s release asks for by itself. */
export interface SystemImages {
  readonly pause: string;
  readonly coredns: string;
}

/**
 * The images of k3s's bundled components, by Kubernetes minor, read from k3s's own `scripts/airgap/image-list.txt` of each release line.
 * Only the lines whose names were checked are here; for others `k3s.pauseImage` and `images` name them.
 */
const byMinor: Readonly<Record<string, SystemImages>> = {
  "1.24": {
    pause: "docker.io/rancher/mirrored-pause:3.6",
    coredns: "docker.io/rancher/mirrored-coredns-coredns:1.9.1",
  },
  "1.36": {
    pause: "docker.io/rancher/mirrored-pause:3.10.2",
    coredns: "docker.io/rancher/mirrored-coredns-coredns:1.14.6",
  },
};

/** The k3s release lines that {@link systemImages} knows. */
export const knownReleaseLines: readonly string[] = Object.keys(byMinor);

/** The system images of a k3s version, or `undefined` for a release line that the table does not have. */
export function systemImages(version: string): SystemImages | undefined {
  const minor = /^v?(\d+\.\d+)\./.exec(version)?.[1];
  return minor === undefined ? undefined : byMinor[minor];
}
