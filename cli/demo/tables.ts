import { parseImageTable } from "../../provider/containerd/image-list";

/** Lays rows out under their headings, columns two spaces apart. Pure. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

/** An image in the board's containerd. */
export interface ImageOnBoard {
  readonly name: string;
  /** Digest of what the name stands for. */
  readonly digest: string;
  /** As containerd reads it from the image itself: `linux/riscv64`. */
  readonly platforms: readonly string[];
}

/** Reads what `ctr images ls` prints. Pure. */
export function parseImageList(text: string): ImageOnBoard[] {
  return parseImageTable(text).map(({ name, digest, platforms }) => ({ name, digest, platforms }));
}

/** The image that a container runs, from the name or id that the kubelet reports. Pure. */
export function findImage(
  images: readonly ImageOnBoard[],
  imageId: string,
  imageName: string,
): ImageOnBoard | undefined {
  const digest = /sha256:[0-9a-f]{64}$/.exec(imageId)?.[0];
  return (
    images.find((image) => image.digest === digest) ??
    images.find(({ name }) => name === imageName || name === `docker.io/${imageName}`)
  );
}

/** Enough of a digest to tell images apart by eye. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
