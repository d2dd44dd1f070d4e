import type { ImageSource } from "../components/images/config";

/** The image that is built: as the table of system images has it for a current k3s. */
export const coredns: ImageSource = {
  kind: "goModule",
  module: "github.com/coredns/coredns",
  version: "v1.14.6",
  capabilities: ["net_bind_service"],
};
