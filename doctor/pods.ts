import type { Facts, PodFacts } from "./facts";
import { ownPods } from "./node";
import { isRecord } from "./trouble";

/** A pod as Kubernetes sees it and as the container runtime sees it. */
export interface TwoViews {
  /** `namespace/name`. */
  readonly pod: string;
  /** What kubectl shows: `Running`, `ImagePullBackOff`, …; `-` for a pod that only the runtime knows. */
  readonly kubectl: string;
  /** What crictl shows of its newest sandbox: `Ready`, `NotReady`, with how often it was made again; `-` without one. */
  readonly sandbox: string;
  /** Its newest containers: `coredns Running`; `-` without one. */
  readonly containers: string;
  /** What the difference means; empty where there is none. */
  readonly meaning: string;
}

/** The one word that kubectl prints for a pod. */
export function kubectlStatus(pod: PodFacts): string {
  if (pod.deleting) return "Terminating";
  const state = pod.statuses.find(({ ready }) => !ready);
  const word = state?.waiting?.reason || state?.terminated?.reason;
  if (word) return word;
  if (pod.phase === "Running" && !pod.ready) return "Running, not Ready";
  return pod.phase || "Unknown";
}

/** The table in which kubectl's and crictl's views of the pods of one board stand side by side. */
export function twoViews(facts: Facts): TwoViews[] {
  const { pods, sandboxes, containers } = facts;
  const rows = ownPods(facts).map((pod) => rowOf(pod, { sandboxes, containers }));
  const orphans = (sandboxes ?? []).filter(
    ({ uid, ready }) => ready && pods !== undefined && !pods.some((pod) => pod.uid === uid),
  );
  const unknown = (pods === undefined ? (sandboxes ?? []) : orphans).map(({ namespace, name, ready, attempt, id }) => ({
    pod: `${namespace}/${name}`,
    kubectl: "-",
    sandbox: sandboxText(ready, attempt),
    containers: containersText(containers?.filter(({ sandbox }) => sandbox === id) ?? []),
    meaning:
      pods === undefined
        ? "the API server was not seen: this is the runtime's view alone"
        : "left over: the API server has no such pod",
  }));
  return [...rows, ...unknown].sort((a, b) => (a.pod < b.pod ? -1 : a.pod > b.pod ? 1 : 0));
}

function sandboxText(ready: boolean, attempt: number): string {
  return `${ready ? "Ready" : "NotReady"}${attempt > 0 ? ` (attempt ${attempt})` : ""}`;
}

function containersText(containers: NonNullable<Facts["containers"]>): string {
  const newest = new Map<string, (typeof containers)[number]>();
  for (const one of containers) {
    const before = newest.get(one.name);
    if (before === undefined || one.attempt > before.attempt) newest.set(one.name, one);
  }
  const texts = [...newest.values()].map(
    ({ name, state }) => `${name} ${state.charAt(0).toUpperCase()}${state.slice(1)}`,
  );
  return texts.join(", ") || "-";
}

function rowOf(pod: PodFacts, { sandboxes, containers }: Pick<Facts, "sandboxes" | "containers">): TwoViews {
  const own = (sandboxes ?? []).filter(({ uid }) => uid === pod.uid).sort((a, b) => b.attempt - a.attempt);
  const [newest] = own;
  const inside = (containers ?? []).filter(({ sandbox }) => own.some(({ id }) => id === sandbox));
  const status = kubectlStatus(pod);
  return {
    pod: `${pod.namespace}/${pod.name}`,
    kubectl: status,
    sandbox:
      newest === undefined ? (sandboxes === undefined ? "not seen" : "-") : sandboxText(newest.ready, newest.attempt),
    containers: containers === undefined ? "not seen" : containersText(inside),
    meaning: sandboxes === undefined ? "" : meaningOf(pod, status, newest, inside, own.length),
  };
}

function meaningOf(
  pod: PodFacts,
  status: string,
  sandbox: NonNullable<Facts["sandboxes"]>[number] | undefined,
  containers: NonNullable<Facts["containers"]>,
  sandboxes: number,
): string {
  const running = containers.some(({ state }) => state === "running");
  if (pod.phase === "Succeeded") return "";
  if (isRecord(pod)) return "stays as a record: another has taken its place";
  if (pod.deleting) return sandbox?.ready ? "being deleted: the runtime still has its sandbox" : "";
  if (pod.ready)
    return sandbox === undefined || !sandbox.ready
      ? "the runtime has no Ready sandbox: kubelet has not noticed yet"
      : "";
  if (sandbox === undefined)
    return status === "Pending"
      ? "not started: no node has taken it, or kubelet has not begun"
      : "kubelet asks for a sandbox and gets none: the pause image or the pod network";
  if (!sandbox.ready && sandboxes > 1)
    return "its sandbox dies again and again: the pause image, or a restart of containerd";
  if (!sandbox.ready) return "its sandbox has died: kubelet makes another";
  if (/ImagePull|ErrImage|InvalidImage/.test(status))
    return "the sandbox is there and waits: the image of a container is missing";
  if (/ContainerCreating|PodInitializing|Pending/.test(status))
    return "the sandbox is there: images are being pulled, or volumes are waited for";
  if (/RunContainerError|CreateContainer|StartError/.test(status))
    return "the runtime cannot start the container's program";
  if (/CrashLoop|Error|OOMKilled/.test(status))
    return running
      ? "runs for the moment: it ended before and is started again"
      : "the program starts and ends: its log says why";
  if (running) return "the program runs, and its readiness probe says no";
  return "";
}
