import { z } from "zod";
import { kubeadmFactsSchema } from "./kubeadm-facts";

/** Counted up when a doctor could no longer read the bundles of an older one. */
export const factsFormat = 1;

const state = z.object({ reason: z.string(), message: z.string() });
const ended = state.extend({ exitCode: z.number() });

const containerStatus = z.object({
  name: z.string(),
  image: z.string(),
  ready: z.boolean(),
  restarts: z.number(),
  waiting: state.optional(),
  running: z.boolean(),
  terminated: ended.optional(),
  /** How the container before it ended. */
  last: ended.optional(),
});

/** A pod as the API server has it, without its environment variables, arguments and volumes. */
const pod = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  node: z.string(),
  phase: z.string(),
  /** Its address; absent for a pod in the host's network. */
  ip: z.string().optional(),
  /** `Job helm-install-traefik`; what controls it. */
  owner: z.string().optional(),
  /** HelmChart whose job it is. */
  chart: z.string().optional(),
  deleting: z.boolean(),
  ready: z.boolean(),
  unschedulable: z.string().optional(),
  containers: z.array(z.object({ name: z.string(), image: z.string(), pullPolicy: z.string() })),
  statuses: z.array(containerStatus),
});

const event = z.object({
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  type: z.string(),
  reason: z.string(),
  message: z.string(),
  count: z.number(),
  /** Seconds since 1970. */
  at: z.number(),
});

const node = z.object({
  name: z.string(),
  kubelet: z.string(),
  architecture: z.string(),
  controlPlane: z.boolean(),
  conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() })),
  /** Arguments that k3s started with, by its own annotation. */
  args: z.array(z.string()).optional(),
});

const unit = z.object({
  /** `k3s.service`. */
  name: z.string(),
  load: z.string(),
  active: z.string(),
  sub: z.string(),
  result: z.string(),
  exitStatus: z.number(),
  restarts: z.number(),
  needsDaemonReload: z.boolean(),
  /** When its program started: seconds since 1970. */
  started: z.number().optional(),
  /** Command line of its program. */
  command: z.array(z.string()),
});

const shownFile = z.object({ path: z.string(), mtime: z.number(), size: z.number(), text: z.string() });

/**
 * What is known of a board at one moment, as JSON: gathering makes it, diagnoses read it, a support bundle holds it. A part that could not be
 * seen is not here, and `unseen` says why. Nothing in it is a secret.
 */
export const factsSchema = z.object({
  format: z.literal(factsFormat),
  /** `user@host:port`. */
  board: z.string(),
  /** When it was taken, by the clock of the machine that asked: seconds since 1970. */
  at: z.number(),
  /** Seconds from the first question to the last answer. */
  took: z.number(),
  unseen: z.array(
    z.object({
      what: z.string(),
      why: z.string(),
      /** Set where the board was asked in vain: what was to answer hung or failed. */
      silent: z.literal(true).optional(),
    }),
  ),
  host: z
    .object({
      machine: z.string(),
      kernel: z.string(),
      hostname: z.string(),
      os: z.string(),
      cgroupVersion: z.number(),
      cgroupControllers: z.array(z.string()),
      memoryBytes: z.number(),
      pageSize: z.number(),
      cpus: z.number(),
    })
    .optional(),
  kernel: z
    .object({
      commandLine: z.string(),
      /** Controllers of cgroup v1, with whether each is on. */
      cgroups: z.record(z.string(), z.boolean()),
      modules: z.array(z.string()),
      sysctls: z.record(z.string(), z.string()),
      /** `y`, `m` or `n` by name without CONFIG_; empty where the kernel does not show its configuration. */
      config: z.record(z.string(), z.string()),
    })
    .optional(),
  storage: z
    .object({
      /** The board's clock: seconds since 1970. */
      now: z.number(),
      memoryAvailableBytes: z.number(),
      swaps: z.array(z.string()),
      disks: z.array(
        z.object({
          mount: z.string(),
          usedPercent: z.number(),
          availableBytes: z.number(),
          inodesUsedPercent: z.number().optional(),
        }),
      ),
    })
    .optional(),
  security: z
    .object({
      selinuxEnforcing: z.boolean(),
      selinuxPolicy: z.boolean(),
      firewalld: z.boolean(),
      trustedSources: z.array(z.string()),
    })
    .optional(),
  network: z
    .object({
      resolvConf: z.array(z.string()),
      /** systemd-resolved's own, which k3s takes where /etc/resolv.conf names a loopback address. */
      upstreamResolvConf: z.array(z.string()),
      routes: z.array(z.string()),
      addresses: z.array(z.string()),
    })
    .optional(),
  iptables: z.object({ chains: z.array(z.string()), rules: z.array(z.string()) }).optional(),
  units: z.array(unit).optional(),
  /** Last lines by unit. */
  journal: z.record(z.string(), z.array(z.string())),
  /** Lines of containers' logs that diagnoses know, by `namespace_pod_uid/container/n.log`. */
  podLogs: z.array(z.object({ container: z.string(), line: z.string() })),
  k3s: z
    .object({
      /** `v1.36.3+k3s1`; absent where nothing tells it. */
      version: z.string().optional(),
      role: z.enum(["server", "agent"]).optional(),
      files: z.array(shownFile),
      containerdFiles: z.array(shownFile),
      /** Below the data directory: `server/manifests/coredns.yaml`. */
      dataFiles: z.array(shownFile.omit({ text: true })),
    })
    .optional(),
  /** Absent where kubeadm has nothing to do with the board. */
  kubeadm: kubeadmFactsSchema.optional(),
  certificates: z
    .array(z.object({ path: z.string(), subject: z.string(), notBefore: z.number(), notAfter: z.number() }))
    .optional(),
  images: z
    .array(z.object({ name: z.string(), digest: z.string(), pinned: z.boolean(), platforms: z.array(z.string()) }))
    .optional(),
  sandboxes: z
    .array(
      z.object({
        id: z.string(),
        namespace: z.string(),
        name: z.string(),
        uid: z.string(),
        attempt: z.number(),
        ready: z.boolean(),
      }),
    )
    .optional(),
  containers: z
    .array(
      z.object({
        id: z.string(),
        sandbox: z.string(),
        name: z.string(),
        attempt: z.number(),
        /** `created`, `running`, `exited`, `unknown`. */
        state: z.string(),
        image: z.string(),
      }),
    )
    .optional(),
  nodes: z.array(node).optional(),
  pods: z.array(pod).optional(),
  events: z.array(event).optional(),
  deployments: z
    .array(z.object({ namespace: z.string(), name: z.string(), wanted: z.number(), available: z.number() }))
    .optional(),
  corefile: z.string().optional(),
});

/** {@link factsSchema}. */
export type Facts = z.output<typeof factsSchema>;
/** A pod of {@link Facts}. */
export type PodFacts = NonNullable<Facts["pods"]>[number];
/** A unit of {@link Facts}. */
export type UnitFacts = NonNullable<Facts["units"]>[number];
