import type { RegistryEndpoint } from "../../k3s/registries";
import type { PlannedImage } from "../plan";
import { parseImageReference } from "../reference";

/** The images that are pushed: all but those that the board pulls itself. */
export function pushedImages(images: readonly PlannedImage[]): PlannedImage[] {
  const pushed = images.filter(({ strategy }) => strategy !== "keep");
  const places = new Map<string, PlannedImage>();
  const problems = pushed.flatMap((image) => {
    const { repository, tag } = parseImageReference(image.name);
    const place = `${repository}:${tag}`;
    const other = places.get(place);
    places.set(place, image);
    if (other === undefined || other.digest === image.digest) return [];
    return [`${other.name} and ${image.name} would both be ${place} in the private registry, and are different images`];
  });
  if (problems.length > 0) throw new Error(`${problems.join("\n")}\nGive one of them another path or tag.`);
  return pushed;
}

/** `host:port` of the private registry, as image names have it. */
export function hostOf({ url }: RegistryEndpoint): string {
  return new URL(url).host;
}

/** The private registry of a way that needs one. */
export function needed(registry: RegistryEndpoint | undefined): RegistryEndpoint {
  if (registry === undefined) throw new Error("this way of delivery needs a private registry");
  return registry;
}
