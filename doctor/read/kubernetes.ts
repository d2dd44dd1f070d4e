import { z } from "zod";
import type { Facts } from "../facts";

/** Characters of a message that are kept. */
const longest = 900;
const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

const time = z.union([z.string(), z.date()]).nullish();
const names = z.object({
  name: z.string().default(""),
  namespace: z.string().default(""),
  uid: z.string().default(""),
});
const reasoned = z.object({ reason: z.string().default(""), message: z.string().default("") });
const terminated = reasoned.extend({ exitCode: z.number().default(0) });
const status = z.object({
  name: z.string(),
  image: z.string().default(""),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z
    .object({ waiting: reasoned.nullish(), running: z.unknown(), terminated: terminated.nullish() })
    .partial()
    .default({}),
  lastState: z.object({ terminated: terminated.nullish() }).partial().default({}),
});
const container = z.object({
  name: z.string(),
  image: z.string().default(""),
  imagePullPolicy: z.string().default(""),
});
const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

const podSchema = z.object({
  metadata: names.extend({
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    deletionTimestamp: time,
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).nullish(),
  }),
  spec: z.object({
    nodeName: z.string().default(""),
    hostNetwork: z.boolean().nullish(),
    initContainers: z.array(container).nullish(),
    containers: z.array(container).default([]),
  }),
  status: z
    .object({
      phase: z.string().default(""),
      podIP: z.string().nullish(),
      conditions: z.array(condition).nullish(),
      initContainerStatuses: z.array(status).nullish(),
      containerStatuses: z.array(status).nullish(),
    })
    .default({ phase: "" }),
});

/** Cuts pods of the API server down to what diagnoses need. What is no pod is left out. */
export function readPods(items: readonly unknown[]): NonNullable<Facts["pods"]> {
  return items.flatMap((item) => {
    const { data } = podSchema.safeParse(item);
    if (data === undefined) return [];
    const { metadata, spec, status: now } = data;
    const [owner] = metadata.ownerReferences ?? [];
    const chart = metadata.labels?.["helmcharts.helm.cattle.io/chart"];
    const conditions = now.conditions ?? [];
    const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
    return [
      {
        namespace: metadata.namespace,
        name: metadata.name,
        // of a static pod the API server has an image with a uid of its own; the runtime and the logs have this one
        uid: metadata.annotations?.["kubernetes.io/config.mirror"] ?? metadata.uid,
        node: spec.nodeName,
        phase: now.phase,
        ...(now.podIP == null || spec.hostNetwork === true ? {} : { ip: now.podIP }),
        ...(owner === undefined ? {} : { owner: `${owner.kind} ${owner.name}` }),
        ...(chart === undefined ? {} : { chart }),
        deleting: metadata.deletionTimestamp != null,
        ready: conditions.some(({ type, status }) => type === "Ready" && status === "True"),
        ...(unscheduled === undefined ? {} : { unschedulable: cut(unscheduled.message ?? "") }),
        containers: [...(spec.initContainers ?? []), ...spec.containers].map(({ name, image, imagePullPolicy }) => ({
          name,
          image,
          pullPolicy: imagePullPolicy,
        })),
        statuses: [...(now.initContainerStatuses ?? []), ...(now.containerStatuses ?? [])].map((one) => ({
          name: one.name,
          image: one.image,
          ready: one.ready,
          restarts: one.restartCount,
          running: one.state.running != null,
          ...(one.state.waiting == null ? {} : { waiting: short(one.state.waiting) }),
          ...(one.state.terminated == null ? {} : { terminated: short(one.state.terminated) }),
          ...(one.lastState.terminated == null ? {} : { last: short(one.lastState.terminated) }),
        })),
      },
    ];
  });
}

function short<T extends { message: string }>(state: T): T {
  return { ...state, message: cut(state.message) };
}

const eventSchema = z.object({
  involvedObject: names.extend({ kind: z.string().default("") }),
  metadata: z.object({ creationTimestamp: time }),
  type: z.string().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  count: z.number().nullish(),
  lastTimestamp: time,
  eventTime: time,
});

const seconds = (at: z.output<typeof time>) => (at == null ? undefined : Math.round(new Date(at).getTime() / 1000));

/** Cuts events down and puts the newest last. */
export function readEvents(items: readonly unknown[]): NonNullable<Facts["events"]> {
  return items
    .flatMap((item) => {
      const { data } = eventSchema.safeParse(item);
      if (data === undefined) return [];
      const { involvedObject: about, metadata, type, reason, message, count, lastTimestamp, eventTime } = data;
      return [
        {
          kind: about.kind,
          namespace: about.namespace,
          name: about.name,
          type: type ?? "",
          reason: reason ?? "",
          message: cut(message ?? ""),
          count: count ?? 1,
          at: seconds(lastTimestamp) ?? seconds(eventTime) ?? seconds(metadata.creationTimestamp) ?? 0,
        },
      ];
    })
    .sort((a, b) => a.at - b.at);
}

const nodeSchema = z.object({
  metadata: names.extend({
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  status: z.object({
    conditions: z.array(condition).nullish(),
    nodeInfo: z.object({ kubeletVersion: z.string(), architecture: z.string() }).nullish(),
  }),
});

/** Cuts nodes down. */
export function readNodes(items: readonly unknown[]): NonNullable<Facts["nodes"]> {
  return items.flatMap((item) => {
    const { data } = nodeSchema.safeParse(item);
    if (data === undefined) return [];
    const { metadata, status } = data;
    const args = stringList(metadata.annotations?.["k3s.io/node-args"]);
    return [
      {
        name: metadata.name,
        kubelet: status.nodeInfo?.kubeletVersion ?? "",
        architecture: status.nodeInfo?.architecture ?? "",
        controlPlane: "node-role.kubernetes.io/control-plane" in (metadata.labels ?? {}),
        conditions: (status.conditions ?? []).map(({ type, status, reason, message }) => ({
          type,
          status,
          reason: reason ?? "",
          message: cut(message ?? ""),
        })),
        ...(args === undefined ? {} : { args }),
      },
    ];
  });
}

function stringList(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    return z.array(z.string()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const deploymentSchema = z.object({
  metadata: names,
  spec: z.object({ replicas: z.number().nullish() }),
  status: z.object({ availableReplicas: z.number().nullish() }).nullish(),
});

/** Cuts deployments down. */
export function readDeployments(items: readonly unknown[]): NonNullable<Facts["deployments"]> {
  return items.flatMap((item) => {
    const { data } = deploymentSchema.safeParse(item);
    if (data === undefined) return [];
    const { metadata, spec, status } = data;
    return [
      {
        namespace: metadata.namespace,
        name: metadata.name,
        wanted: spec.replicas ?? 1,
        available: status?.availableReplicas ?? 0,
      },
    ];
  });
}
