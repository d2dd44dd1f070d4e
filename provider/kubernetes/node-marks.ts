import type { V1Node, V1Taint } from "@kubernetes/client-node";

/** Labels and taints of a node that belong to a stack. Taints are texts, `key=value:effect` or `key:effect`. */
export interface NodeMarks {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
}

/** A taint as a text. */
export function taintText({ key, value, effect }: V1Taint): string {
  return `${key}${value === undefined || value === "" ? "" : `=${value}`}:${effect}`;
}

/** A taint from a text whose form was checked before. */
export function parseTaint(text: string): V1Taint {
  const colon = text.lastIndexOf(":");
  const [key = "", value] = text.slice(0, colon).split("=");
  return { key, effect: text.slice(colon + 1), ...(value === undefined || value === "" ? {} : { value }) };
}

/** What a node has of the marks that belong to a stack. */
export function marksOf({ metadata, spec }: V1Node, ours: NodeMarks): NodeMarks {
  const there = metadata?.labels ?? {};
  const taints = new Set((spec?.taints ?? []).map(taintText));
  const labels = Object.entries(ours.labels).flatMap(([key]) => {
    const value = there[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { labels: Object.fromEntries(labels), taints: ours.taints.filter((taint) => taints.has(taint)) };
}

/** A taint's identity: a node has each key and effect once. */
const slotOf = ({ key, effect }: V1Taint) => `${key}:${effect}`;

/**
 * The merge patch that gives a node the marks that are wanted and takes away those of before that are not; `undefined` where it has them. What
 * others have put on the node stays. Taints are one list, so that the patch holds for the node as it was looked at only.
 */
export function marksPatch(node: V1Node, before: NodeMarks, wanted: NodeMarks): object | undefined {
  const there = node.metadata?.labels ?? {};
  const labels: Record<string, string | null> = {};
  for (const key of Object.keys(before.labels)) if (!(key in wanted.labels) && key in there) labels[key] = null;
  for (const [key, value] of Object.entries(wanted.labels)) if (there[key] !== value) labels[key] = value;

  const taints = node.spec?.taints ?? [];
  const ours = wanted.taints.map(parseTaint);
  const gone = new Set([...before.taints.map(parseTaint), ...ours].map(slotOf));
  const kept = taints.filter((taint) => !gone.has(slotOf(taint)));
  const texts = (list: readonly V1Taint[]) => list.map(taintText).sort().join(" ");
  const sameTaints = texts(taints) === texts([...kept, ...ours]);

  if (Object.keys(labels).length === 0 && sameTaints) return undefined;
  const version = sameTaints ? {} : { resourceVersion: node.metadata?.resourceVersion };
  return {
    metadata: { ...version, ...(Object.keys(labels).length === 0 ? {} : { labels }) },
    ...(sameTaints ? {} : { spec: { taints: [...kept, ...ours] } }),
  };
}

/** A sentence for each mark that comes, changes or goes. */
export function marksNotes(node: string, before: NodeMarks, wanted: NodeMarks): string[] {
  const labels = Object.entries(wanted.labels).flatMap(([key, value]) => {
    const old = before.labels[key];
    if (old === value) return [];
    return [`node ${node} gets the label ${key}=${value}${old === undefined ? "" : ` in place of ${key}=${old}`}`];
  });
  const lost = Object.keys(before.labels).filter((key) => !(key in wanted.labels));
  return [
    ...labels,
    ...lost.map((key) => `node ${node} loses the label ${key}`),
    ...wanted.taints
      .filter((taint) => !before.taints.includes(taint))
      .map((taint) => `node ${node} gets the taint ${taint}`),
    ...before.taints
      .filter((taint) => !wanted.taints.includes(taint))
      .map((taint) => `node ${node} loses the taint ${taint}`),
  ];
}
