/** An image name in containerd. */
export interface ListedImage {
  /** Full name, such as `docker.io/rancher/mirrored-pause:3.10.2`; also `sha256:…`, under which the CRI keeps an image's ID. */
  readonly name: string;
  /** Digest of the manifest or index that it points to. */
  readonly digest: string;
  /** Kept by kubelet's garbage collection. */
  readonly pinned: boolean;
}

/** The label that keeps an image from kubelet's garbage collection. */
export const pinLabel = "io.cri-containerd.pinned=pinned";

/** What takes it away: a label that is set to nothing is removed. */
export const withoutPin = "io.cri-containerd.pinned=";

/** An image name with what containerd reads from the image itself. */
export interface ImageWithPlatforms extends ListedImage {
  /** `linux/riscv64`; empty where containerd cannot tell. */
  readonly platforms: readonly string[];
}

/** Reads the table that `ctr images ls` prints: REF TYPE DIGEST SIZE PLATFORMS LABELS, the size in two words. Lines that are no images are skipped. */
export function parseImageTable(text: string): ImageWithPlatforms[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", type = "", digest = "", ...rest] = line.trim().split(/\s+/);
    if (!/^sha256:[0-9a-f]{64}$/.test(digest) || !type.includes("/")) return [];
    const platforms = rest.find((word) => /^[a-z]+\/[a-z0-9]/.test(word))?.split(",") ?? [];
    return [{ name, digest, pinned: line.includes(pinLabel), platforms }];
  });
}

/** The same without platforms. */
export function parseImageList(text: string): ListedImage[] {
  return parseImageTable(text).map(({ name, digest, pinned }) => ({ name, digest, pinned }));
}

/**
 * Names to remove together with `name`: those that containerd's CRI made for the same image by itself (its ID, and repository with digest),
 * unless another name of a person's still has it.
 */
export function namesToRemove(images: readonly ListedImage[], name: string): string[] {
  const own = images.find((image) => image.name === name);
  if (!own) return [];
  const same = images.filter((image) => image.digest === own.digest && image.name !== name);
  const made = ({ name: other }: ListedImage) => other.startsWith("sha256:") || other.includes("@sha256:");
  return same.every(made) ? [name, ...same.map((image) => image.name)] : [name];
}
