import { replacingKinds } from "../provider/kubernetes/health";
import type { Facts, PodFacts } from "./facts";

/** What holds a pod up, in the words of kubelet and of the container runtime. */
export interface Trouble {
  readonly pod: PodFacts;
  /** The container it is about; absent where it is about the pod's sandbox. */
  readonly container?: { readonly name: string; readonly image: string };
  /** `ErrImagePull`, `FailedCreatePodSandBox`, … */
  readonly reason: string;
  readonly message: string;
}

/** Says nothing of itself: what is behind it is in the events. */
const empty = new Set(["ContainerCreating", "PodInitializing", ""]);
/** A pod without a container yet is told by these events. */
const sandboxReasons = new Set(["FailedCreatePodSandBox", "FailedMount", "NetworkNotReady", "FailedScheduling"]);

/** Whether a pod only stays behind as the record of one that another has replaced. */
export function isRecord({ phase, owner = "", deleting }: PodFacts): boolean {
  const [kind = ""] = owner.split(" ");
  return phase === "Failed" && !deleting && replacingKinds.has(kind);
}

/** Whether a pod is as it should be: Ready, or a job's that ended well, or on its way out, or the record of one that another has replaced. */
export function isWell(pod: PodFacts): boolean {
  return pod.ready || pod.phase === "Succeeded" || pod.deleting || isRecord(pod);
}

/** The newest warning about a pod. */
export function warningOf(
  facts: Facts,
  pod: PodFacts,
  isAsked: (reason: string, message: string) => boolean = () => true,
) {
  return facts.events?.findLast(
    ({ kind, namespace, name, type, reason, message }) =>
      kind === "Pod" &&
      namespace === pod.namespace &&
      name === pod.name &&
      type === "Warning" &&
      isAsked(reason, message),
  );
}

/** What kubelet says of a container's state. Up to Kubernetes 1.31 it waits with a pull without saying why: the event of the last one that failed does. */
function messageOf(facts: Facts, pod: PodFacts, message: string): string {
  const [, image] = /^Back-off pulling image ("[^"]*")$/.exec(message) ?? [];
  if (image === undefined) return message;
  const failed = `Failed to pull image ${image}: `;
  return warningOf(facts, pod, (reason, said) => reason === "Failed" && said.startsWith(failed))?.message ?? message;
}

/**
 * What holds the pods of a board up now. Events of a trouble that is over do not count: a container's own state does, and the events only for
 * pods that have no container yet.
 */
export function troubles(facts: Facts): Trouble[] {
  return (facts.pods ?? [])
    .filter((pod) => !isWell(pod))
    .flatMap((pod): Trouble[] => {
      const own = pod.statuses.flatMap(({ name, image, ready, waiting, terminated, last, running }): Trouble[] => {
        const container = { name, image: pod.containers.find((one) => one.name === name)?.image ?? image };
        const states = [waiting, terminated, ...(ready && running ? [] : [last])];
        return states.flatMap((state) =>
          state === undefined || empty.has(state.reason) || (state.reason === "Completed" && state.message === "")
            ? []
            : [{ pod, container, reason: state.reason, message: messageOf(facts, pod, state.message) }],
        );
      });
      if (own.length > 0) return own;
      if (pod.unschedulable !== undefined) return [{ pod, reason: "Unschedulable", message: pod.unschedulable }];
      const event = warningOf(facts, pod, (reason) => sandboxReasons.has(reason));
      return event === undefined ? [] : [{ pod, reason: event.reason, message: event.message }];
    });
}

/** A pod with what it belongs to in front: `HelmChart traefik → Job helm-install-traefik → pod kube-system/helm-install-traefik-x`. */
export function chainOf({ namespace, name, owner, chart }: PodFacts): string {
  // a ReplicaSet is its deployment with a hash behind
  const controller = owner?.replace(/^ReplicaSet (.*)-[a-z0-9]+$/, "Deployment $1");
  return [
    ...(chart === undefined ? [] : [`HelmChart ${chart}`]),
    ...(controller === undefined ? [] : [controller]),
    `pod ${namespace}/${name}`,
  ].join(" → ");
}

/** OCI platform of a board by its `uname -m`: `linux/riscv64`. */
export function platformOf(facts: Facts): string {
  const machine = facts.host?.machine ?? facts.nodes?.[0]?.architecture ?? "";
  const names: Readonly<Record<string, string>> = { aarch64: "arm64", x86_64: "amd64", armv7l: "arm/v7" };
  return machine === "" ? "this board" : `linux/${names[machine] ?? machine}`;
}

/** The unit that k3s runs as. */
export function k3sUnitOf(facts: Facts): string {
  return facts.k3s?.role === "agent" ? "k3s-agent" : "k3s";
}

/** A trouble as a line of evidence. */
export function said({ pod, reason, message }: Pick<Trouble, "pod" | "reason" | "message">): string {
  return [`pod ${pod.namespace}/${pod.name}`, reason, message].filter((part) => part !== "").join(": ");
}
