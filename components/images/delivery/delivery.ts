import type { RegistryEndpoint } from "../../k3s/registries";
import type { PlannedImage } from "../plan";
import { airgap } from "./airgap";
import { mirror } from "./mirror";
import { retag } from "./retag";
import { systemDefaultRegistry } from "./system-default-registry";
import type { DeliveryWay } from "./ways";

/** An image that k3s asks for by itself. */
export interface SystemName {
  /** Full name: `docker.io/rancher/mirrored-coredns-coredns:1.14.6`. */
  readonly name: string;
  /** The component that asks for it, as `--disable` knows it, or `pause`. */
  readonly component: string;
}

/** What a delivery is made from. */
export interface DeliveryArgs {
  readonly images: readonly PlannedImage[];
  /** The images of k3s's enabled components, and the pause image. */
  readonly system: readonly SystemName[];
  /** Full name of the pause image. */
  readonly pause: string;
  /** The private registry as the board sees it. `airgap` does without. */
  readonly registry?: RegistryEndpoint;
}

/** Images that lie together in one archive. */
export interface Archive {
  /** Name of the component, or of a user's image, in letters that a file name takes: `local-storage`. */
  readonly name: string;
  readonly images: readonly ArchivedImage[];
}

/** A name in an archive and what it stands for. */
export interface ArchivedImage {
  readonly name: string;
  readonly image: PlannedImage;
}

/** A name that is looked after in the board's containerd. */
export interface ContainedImage {
  readonly name: string;
  readonly digest: string;
  /** Pulled from the private registry by `<registry>/<repository>@<digest>`, or imported from the archive of that name. */
  readonly from: { readonly pull: string } | { readonly archive: string };
}

/** How a manifest of ours names an image. */
export interface ManifestImage {
  readonly image: string;
  readonly imagePullPolicy: "IfNotPresent" | "Never";
}

/** What one way puts where. Nothing here has been done yet. */
export interface Delivery {
  /** Images that are pushed to the private registry, each under its own path and tag. */
  readonly pushed: readonly PlannedImage[];
  /** Names that registries.yaml has the private registry stand in for; empty where k3s needs not know of it. */
  readonly mirrored: readonly string[];
  /** Keys for the configuration file of servers. */
  readonly k3sConfig: Readonly<Record<string, string>>;
  /** Value of `--pause-image`. */
  readonly pauseImage: string;
  /** Archives in `agent/images`, there before k3s starts. */
  readonly archives: readonly Archive[];
  /** How the archives lie there. The pause image's alone is small, and is kept as it is. */
  readonly compression: "none" | "zstd";
  /** Names in containerd, made and kept once k3s runs. */
  readonly contained: readonly ContainedImage[];
  /** Whether a pod can have the images pulled. Where it cannot, they are there as names in containerd only. */
  readonly canPull: boolean;
  /** What a manifest says instead of an image's full name. */
  manifestImage(name: string): ManifestImage;
}

const ways: Readonly<Record<DeliveryWay, (args: DeliveryArgs) => Delivery>> = {
  mirror,
  retag,
  airgap,
  "system-default-registry": systemDefaultRegistry,
};

/**
 * What a way of delivery puts where.
 *
 * @throws when the images cannot reach the board that way, with each image and what to do.
 */
export function delivery(way: DeliveryWay, args: DeliveryArgs): Delivery {
  return ways[way](args);
}
