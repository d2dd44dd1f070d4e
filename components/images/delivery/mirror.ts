import { parseImageReference } from "../reference";
import type { Delivery, DeliveryArgs } from "./delivery";
import { pauseDelivery } from "./pause";
import { pushedImages } from "./pushing";

/**
 * registries.yaml has the private registry in front of each registry that a pushed image is named after. The board asks for original names, and
 * goes to the registry itself for what the private one does not have.
 */
export function mirror({ images, pause }: DeliveryArgs): Delivery {
  const pushed = pushedImages(images);
  return {
    pushed,
    mirrored: hostsOf(pushed),
    k3sConfig: {},
    pauseImage: pause,
    ...pauseDelivery(images, pause),
    compression: "none",
    canPull: true,
    manifestImage: (image) => ({ image, imagePullPolicy: "IfNotPresent" }),
  };
}

/** The registries that images are named after, each once. */
export function hostsOf(images: readonly { readonly name: string }[]): string[] {
  return [...new Set(images.map(({ name }) => parseImageReference(name).registry))].sort();
}
