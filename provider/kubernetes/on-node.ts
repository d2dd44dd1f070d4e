import type { V1Node, V1Pod, V1PodDisruptionBudget } from "@kubernetes/client-node";
import { mustLeave } from "./drain";

/** Pods that are named in a note; of more the number is told. */
const namedAtMost = 20;

/** What happens to the pods of a node: a restart of k3s leaves them running (`KillMode=process`), where the node is not drained before; a boot does not. */
export type Interruption = "restart" | "drained restart" | "reboot";

const nameOf = ({ metadata }: { metadata?: { namespace?: string; name?: string } }) =>
  `${metadata?.namespace ?? "default"}/${metadata?.name ?? "?"}`;

/** Whether a label selector takes a pod; one without terms takes all of its namespace (policy/v1). */
function selects({ metadata, spec }: V1PodDisruptionBudget, pod: V1Pod): boolean {
  const { selector } = spec ?? {};
  if (selector === undefined || metadata?.namespace !== pod.metadata?.namespace) return false;
  const labels = pod.metadata?.labels ?? {};
  const terms = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => labels[key] === value);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
  return [...terms, ...expressions].every(Boolean);
}

/** The pods that run on a node, and the PodDisruptionBudgets that cover them, as notes. Pods that have ended are none. */
export function podNotes(
  node: string,
  interruption: Interruption,
  allPods: readonly V1Pod[],
  budgets: readonly V1PodDisruptionBudget[],
): string[] {
  const pods = allPods
    .filter(({ spec, status }) => spec?.nodeName === node && !["Succeeded", "Failed"].includes(status?.phase ?? ""))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  if (pods.length === 0) return [`no pods run on node ${node}`];
  const evicted = interruption === "drained restart" ? pods.filter(mustLeave) : [];
  const others = pods.filter((pod) => !evicted.includes(pod));
  const ofOthers =
    interruption === "reboot"
      ? (["stop, and start again after the boot", "stops, and starts again after the boot"] as const)
      : (["stay running", "stays running"] as const);
  return [
    ...listNote(node, evicted, ["are evicted before", "is evicted before"]),
    ...listNote(node, others, ofOthers),
    ...budgets.flatMap((budget) => {
      const covered = pods.filter((pod) => selects(budget, pod));
      const allowed = budget.status?.disruptionsAllowed ?? 0;
      if (covered.length === 0) return [];
      return [
        `PodDisruptionBudget ${nameOf(budget)} covers ${covered.map(nameOf).join(", ")} and allows ${allowed} ${allowed === 1 ? "disruption" : "disruptions"}`,
      ];
    }),
  ];
}

/** @param what - becomes of several pods, and of one. */
function listNote(node: string, pods: readonly V1Pod[], [ofSeveral, ofOne]: readonly [string, string]): string[] {
  if (pods.length === 0) return [];
  const names = pods.slice(0, namedAtMost).map((pod) => `  ${nameOf(pod)}`);
  const more = pods.length > namedAtMost ? [`  … ${pods.length - namedAtMost} more`] : [];
  const said =
    pods.length === 1
      ? `1 pod runs on node ${node} and ${ofOne}:`
      : `${pods.length} pods run on node ${node} and ${ofSeveral}:`;
  return [[said, ...names, ...more].join("\n")];
}

/** Arguments as k3s notes them at its node: `--flag=value` as two words (pkg/nodeconfig). */
function asNoted(args: readonly string[]): string[] {
  return args.flatMap((arg) => /^(--[^=]+)=([^]*)$/.exec(arg)?.slice(1) ?? [arg]);
}

/**
 * What a running k3s was started with and its command line on the disk does not say, by the annotation that k3s leaves at its node: the
 * subcommand, what it took from its configuration files, then its command line.
 *
 * @param command - words of ExecStart: the program, the subcommand, the flags.
 */
export function nodeArgsNotes(node: V1Node, command: readonly string[]): string[] {
  const annotation = node.metadata?.annotations?.["k3s.io/node-args"];
  if (annotation === undefined || command.length < 2) return [];
  const noted: unknown = JSON.parse(annotation);
  if (!Array.isArray(noted) || !noted.every((word) => typeof word === "string")) return [];
  const onDisk = asNoted(command.slice(2));
  const running = onDisk.length === 0 ? [] : noted.slice(-onDisk.length);
  const masked = (word: string, index: number) => running[index] === "********" || running[index] === word;
  if (onDisk.every(masked)) return [];
  const missing = onDisk.filter((word) => word.startsWith("-") && !noted.includes(word));
  const said = missing.length > 0 ? `without ${missing.join(", ")}` : "with other values";
  return [`k3s runs ${said}: it was started before its unit was as it is now`];
}
