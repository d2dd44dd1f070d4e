import { z } from "zod";

/** The ways in which images reach the board. */
export const deliveryWays = ["mirror", "retag", "airgap", "system-default-registry"] as const;

/** One of {@link deliveryWays}. */
export type DeliveryWay = (typeof deliveryWays)[number];

/** The key `delivery`. */
export const deliveryConfig = z
  .enum(deliveryWays)
  .describe(
    "How images reach the board. `mirror`: the private registry stands in for the registries that images are named after. `retag`: " +
      "containerd pulls them from the private registry and has them under their own names. `airgap`: archives in `agent/images`, no registry. " +
      "`system-default-registry`: k3s puts the private registry in front of its images' names.",
  );
