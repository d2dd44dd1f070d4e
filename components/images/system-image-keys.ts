/** What the images that k3s asks for by itself are called here, in the table and in the configuration. */
export const systemImageKeys = [
  "pause",
  "coredns",
  "local-path-provisioner",
  "busybox",
  "metrics-server",
  "klipper-helm",
  "traefik",
  "klipper-lb",
] as const;

/** One of {@link systemImageKeys}. */
export type SystemImageKey = (typeof systemImageKeys)[number];
