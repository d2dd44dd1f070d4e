import { z } from "zod";

const shownFile = z.object({ path: z.string(), mtime: z.number(), size: z.number(), text: z.string() });

/** What is known of a board that kubeadm made a node, or was to make one; part of a board's facts. Nothing in it is a secret. */
export const kubeadmFactsSchema = z.object({
  /** kubelet's configuration and flags, drop-ins of kubelet and cri-dockerd, Docker's daemon.json. */
  files: z.array(shownFile),
  /** Names of files in /etc/kubernetes/manifests. */
  manifests: z.array(z.string()),
  /** Networks of the cluster's pods, as the control plane's own manifest has them; absent where there is none, as on workers. */
  podSubnets: z.array(z.string()).optional(),
  /** Whether etcd has data in /var/lib/etcd. */
  etcdData: z.boolean(),
  /** Kubeconfigs of kubeadm that are there, without their directory: `admin.conf`, `kubelet.conf`. */
  kubeconfigs: z.array(z.string()),
  /** Sockets of container runtimes that are there, as paths. */
  sockets: z.array(z.string()),
  /** Ports of Kubernetes that somebody listens at. */
  listeners: z.array(z.object({ port: z.number(), program: z.string() })),
  /** What Docker says of itself; absent where it says nothing. */
  docker: z
    .object({
      version: z.string(),
      cgroupDriver: z.string(),
      /** Network of Docker's own bridge: `172.17.0.0/16`; empty where it has none. */
      bridge: z.string(),
      /** Names of its images. */
      images: z.array(z.string()),
    })
    .optional(),
  /** What `cri-dockerd --version` says; absent where there is none. */
  criDockerd: z.string().optional(),
});

/** {@link kubeadmFactsSchema}. */
export type KubeadmFacts = z.output<typeof kubeadmFactsSchema>;
