import { z } from "zod";
import { containerdSource, download, runcSource } from "../source";

const cgroupDriver = z
  .enum(["systemd", "cgroupfs"])
  .default("systemd")
  .describe("Who makes the control groups of containers. kubelet gets the same one.");

/** kubelet asks containerd itself. */
export const containerdConfig = z.strictObject({
  kind: z.literal("containerd").describe("containerd, asked by kubelet directly."),
  source: containerdSource.default({ kind: "module" }).describe("Where containerd, its shim and `ctr` come from."),
  runc: runcSource.default({ kind: "package" }).describe("Where runc comes from."),
  cgroupDriver,
});

/** kubelet asks Docker through cri-dockerd. */
export const criDockerdConfig = z.strictObject({
  kind: z.literal("cri-dockerd").describe("Docker, asked by kubelet through cri-dockerd (Kubernetes 1.24 and newer)."),
  source: z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("path").describe("A cri-dockerd on this machine."),
        path: z.string().min(1).describe("The file; `~` is expanded."),
      }),
      download.extend({ kind: z.literal("url").describe("Downloaded.") }),
      z.strictObject({
        kind: z.literal("package").describe("A package of the board's distribution."),
        package: z.string().min(1).default("cri-dockerd").describe("Name of the package."),
        binary: z.string().startsWith("/").default("/usr/bin/cri-dockerd").describe("Where the package puts it."),
      }),
    ])
    .describe("Where cri-dockerd comes from. It is in no package registry for most boards."),
  docker: z.string().min(1).default("docker.io").describe("Name of the distribution's package with Docker's engine."),
  insecureRegistries: z
    .array(z.string().min(1))
    .default([])
    .describe("Registries, `host:port`, that Docker may ask without TLS, besides the private one of the stack."),
  registryMirrors: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe(
      "Mirrors of docker.io, besides the private registry of the stack. Docker knows mirrors of no other registry.",
    ),
  cgroupDriver,
});

/** The key `runtime`: what runs containers. */
export const runtimeConfig = z.discriminatedUnion("kind", [containerdConfig, criDockerdConfig]);

/** {@link runtimeConfig} with defaults filled in. */
export type RuntimeConfig = z.output<typeof runtimeConfig>;

/** {@link containerdConfig} with defaults filled in. */
export type ContainerdConfig = z.output<typeof containerdConfig>;

/** {@link criDockerdConfig} with defaults filled in. */
export type CriDockerdConfig = z.output<typeof criDockerdConfig>;
