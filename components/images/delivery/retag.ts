import { parseImageReference } from "../reference";
import type { ContainedImage, Delivery, DeliveryArgs } from "./delivery";
import { pauseDelivery } from "./pause";
import { hostOf, needed, pushedImages } from "./pushing";

/**
 * containerd pulls each image from the private registry by digest, and has it under its own name, pinned. No registry stands in for another: the
 * private one is in registries.yaml under its own address only, for its scheme and credentials.
 */
export function retag({ images, pause, registry }: DeliveryArgs): Delivery {
  const host = hostOf(needed(registry));
  const pushed = pushedImages(images);
  const others = pushed
    .filter(({ name }) => name !== pause)
    .map(({ name, digest }): ContainedImage => {
      const { repository } = parseImageReference(name);
      return { name, digest, from: { pull: `${host}/${repository}@${digest}` } };
    });
  const { archives, contained } = pauseDelivery(images, pause);
  const here = new Set(pushed.map(({ name }) => name));
  return {
    pushed,
    mirrored: [host],
    k3sConfig: {},
    pauseImage: pause,
    archives,
    compression: "none",
    contained: [...contained, ...others],
    canPull: false,
    // `Never`: what is only a name in containerd can be had from nowhere else, and a pull would hide that it is gone
    manifestImage: (image) => ({ image, imagePullPolicy: here.has(image) ? "Never" : "IfNotPresent" }),
  };
}
