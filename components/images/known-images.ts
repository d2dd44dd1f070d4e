import type { ImageSource } from "./config";

/** The pause image, compiled from C. */
export function pauseSource(): ImageSource {
  return { kind: "pause" };
}

/**
 * CoreDNS from its Go module, shaped like the image that the CoreDNS project publishes: program at /coredns, no root, and the file capability
 * that lets it listen on port 53 in a pod that grants NET_BIND_SERVICE, as k3s's manifest does.
 *
 * @param version - the module's version, such as `v1.14.6`. Versions below v1.11 do not link for riscv64 (their golang.org/x/net is too old).
 */
export function coreDnsSource(version: string): ImageSource {
  return {
    kind: "goModule",
    module: "github.com/coredns/coredns",
    version,
    capabilities: ["net_bind_service"],
  };
}
