import { fullName, parseImageReference } from "../reference";
import type { Delivery, DeliveryArgs } from "./delivery";
import { hostsOf } from "./mirror";
import { pauseDelivery } from "./pause";
import { hostOf, needed, pushedImages } from "./pushing";

/**
 * k3s's `system-default-registry`: k3s writes the private registry in front of its own images' names, and there is no way back to another
 * registry. Images of the user's keep their names, so that registries behind those are mirrored.
 *
 * The pause image is given without a registry: k3s puts `<registry>/` in front of whatever it is, `docker.io/…` too (pkg/agent/config,
 * `PauseImage`), and only newer releases leave a name alone that begins with the registry already.
 *
 * @throws when an image that k3s asks for would not be in the private registry.
 */
export function systemDefaultRegistry({ images, system, pause, registry }: DeliveryArgs): Delivery {
  const host = hostOf(needed(registry));
  const pushed = pushedImages(images);
  const missing = missingImages(system, pushed);
  if (missing.length > 0) throw new Error(refusal(missing));
  const ofSystem = new Set(system.map(({ name }) => name));
  const { repository, tag } = parseImageReference(pause);
  return {
    pushed,
    mirrored: [...new Set([host, ...hostsOf(pushed.filter(({ name }) => !ofSystem.has(name)))])],
    k3sConfig: { "system-default-registry": host },
    pauseImage: `${repository}:${tag}`,
    ...pauseDelivery(images, pause, inRegistry(host, pause)),
    compression: "none",
    canPull: true,
    manifestImage: (name) => ({
      image: ofSystem.has(name) ? inRegistry(host, name) : name,
      imagePullPolicy: "IfNotPresent",
    }),
  };
}

/** The images that k3s asks for and that would not be in the registry, by component. */
export function missingImages(
  system: DeliveryArgs["system"],
  pushed: readonly { readonly name: string }[],
): DeliveryArgs["system"] {
  return system.filter(({ name }) => !pushed.some((image) => image.name === name));
}

function refusal(missing: DeliveryArgs["system"]): string {
  const lines = missing.map(({ name, component }) => `  ${component}: ${name}`);
  return (
    "delivery: with system-default-registry k3s takes its images from the private registry only, and these would not be there:\n" +
    `${lines.join("\n")}\nHave them mirrored or built (images), disable the component (k3s.disable), or choose delivery: mirror.`
  );
}

function inRegistry(host: string, name: string): string {
  return fullName({ ...parseImageReference(name), registry: host });
}
