import { z } from "zod";
import type { DeliveryWay } from "../images/delivery/ways";
import { baseAddress } from "./base-address";
import { wholeLogin } from "./whole-login";

const credentials = {
  username: z.string().min(1).optional().describe("User name, where the registry asks for one."),
  password: z.string().min(1).optional().describe("Password (a config secret)."),
};

const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

const onBoard = z
  .strictObject({
    kind: z.literal("board").describe("A registry service on the board itself."),
    listen: z
      .string()
      .default("127.0.0.1")
      .describe("Address to listen on. Anything but loopback needs TLS and credentials."),
    port: z.number().int().min(1).max(65535).default(5000).describe("TCP port to listen on."),
    ...credentials,
    tls: z
      .strictObject({
        certificate: z.string().describe("Path of a PEM certificate (chain) on this machine."),
        key: z.string().describe("Path of its PEM key on this machine."),
        ca: z.string().optional().describe("Path of the PEM certificate of the CA, where the public ones do not do."),
      })
      .optional()
      .describe("TLS for the registry. Its certificate must carry the address in `listen`."),
  })
  .superRefine(wholeLogin)
  .superRefine((registry, context) => {
    if (!loopback.test(registry.listen)) {
      // A mirror of docker.io can put code on every node: it is either out of reach or it is guarded.
      if (registry.tls === undefined) {
        context.addIssue({
          code: "custom",
          path: ["tls"],
          message: `a registry that listens on ${registry.listen} needs TLS`,
        });
      }
      if (registry.username === undefined && registry.password === undefined) {
        context.addIssue({
          code: "custom",
          path: ["username"],
          message: `a registry that listens on ${registry.listen} needs username and password`,
        });
      }
    }
  });

const external = z
  .strictObject({
    kind: z.literal("external").describe("A registry that is there already."),
    url: baseAddress.describe(
      "Its base address, such as https://registry.example:5000, reachable from here and from the board. A path is refused: images keep their own there.",
    ),
    ca: z.string().optional().describe("Path of the PEM certificate of its CA, where the public ones do not do."),
    ...credentials,
  })
  .superRefine(wholeLogin);

const automatic = z.strictObject({
  kind: z
    .literal("auto")
    .describe("One on the board, on its loopback at port 5000, where `delivery` needs one; none with `airgap`."),
});

/** The `registry` section: the private registry that the board pulls from. */
export const registryConfig = z.discriminatedUnion("kind", [automatic, onBoard, external]);

/** A private registry that there is to be, with defaults filled in. */
export type RegistryConfig = Exclude<z.output<typeof registryConfig>, { kind: "auto" }>;

/** What the section comes to: no registry where none is asked for and none is needed. */
export function registryFor(
  section: z.output<typeof registryConfig>,
  delivery: DeliveryWay,
): RegistryConfig | undefined {
  if (section.kind !== "auto") return section;
  return delivery === "airgap" ? undefined : { kind: "board", listen: "127.0.0.1", port: 5000 };
}

/** Whether a registry can be reached from its own board only. */
export function isOnLoopback(config: RegistryConfig): boolean {
  return config.kind === "board" && loopback.test(config.listen);
}

/** A registry on the board, {@link RegistryConfig} narrowed. */
export type BoardRegistryConfig = Extract<RegistryConfig, { kind: "board" }>;
