import { parseImageReference } from "../reference";
import type { Archive, ArchivedImage, Delivery, DeliveryArgs } from "./delivery";
import { pauseArchive } from "./pause";
import { hostOf } from "./pushing";

/**
 * Archives in `agent/images`, one for a component and one for each image of the user's: k3s imports them at every start. A registry is set up
 * only where the configuration has one, and then nothing of ours is in it.
 */
export function airgap({ images, system, pause, registry }: DeliveryArgs): Delivery {
  const archives = new Map<string, ArchivedImage[]>();
  for (const image of images) {
    if (image.strategy === "keep") continue;
    const component = system.find(({ name }) => name === image.name)?.component;
    const archive = image.name === pause ? pauseArchive : (component ?? fileNameOf(image.name));
    archives.set(archive, [...(archives.get(archive) ?? []), { name: image.name, image }]);
  }
  const all = [...archives].map(([name, contents]): Archive => ({ name, images: contents }));
  return {
    pushed: [],
    mirrored: registry === undefined ? [] : [hostOf(registry)],
    k3sConfig: {},
    pauseImage: pause,
    archives: all,
    compression: "zstd",
    contained: all.flatMap((archive) =>
      archive.images.map(({ name, image }) => ({
        name,
        digest: image.platformDigest,
        from: { archive: archive.name },
      })),
    ),
    canPull: false,
    manifestImage: (image) => ({ image, imagePullPolicy: "IfNotPresent" }),
  };
}

/** A user's image as part of a file name: `image-docker.io_k3s-board_hello_1.0`. The prefix keeps it apart from every component. */
function fileNameOf(name: string): string {
  const { registry, repository, tag } = parseImageReference(name);
  return `image-${registry}_${repository}_${tag}`.replace(/[^A-Za-z0-9._-]/g, "_");
}
