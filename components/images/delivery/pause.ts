import type { PlannedImage } from "../plan";
import type { Archive, ContainedImage } from "./delivery";

/** Name of the archive with the pause image. */
export const pauseArchive = "pause";

/**
 * The pause image as every way brings it: as an archive, since containerd needs it before any registry answers, and looked after in containerd.
 * Nothing where the board pulls it itself.
 *
 * @param pause - its full name among the images.
 * @param name - the name that containerd looks it up by. Defaults to its own.
 */
export function pauseDelivery(
  images: readonly PlannedImage[],
  pause: string,
  name = pause,
): { archives: Archive[]; contained: ContainedImage[] } {
  const image = images.find((one) => one.name === pause);
  if (image === undefined || image.strategy === "keep") return { archives: [], contained: [] };
  return {
    archives: [{ name: pauseArchive, images: [{ name, image }] }],
    contained: [{ name, digest: image.platformDigest, from: { archive: pauseArchive } }],
  };
}
