import { type catalogue, entryOf, type Area, type DiagnosisId, type Severity } from "./catalogue";

/** Something that is wrong on a board, why, and what mends it. */
export interface Finding {
  readonly id: DiagnosisId;
  readonly severity: Severity;
  readonly area: Area;
  readonly sentence: string;
  /** What the sentence and the remedy are filled with, by name: `image`, `registry`, `node`, … */
  readonly values: Readonly<Record<string, string>>;
  /** Lines as the board said them. */
  readonly evidence: readonly string[];
  /** A line of configuration or a command. */
  readonly remedy: string;
  /** The node that it is about; absent where it is about the cluster, or about several. */
  readonly node?: string;
  /** What does not run because of it, from the nearest on: `HelmChart traefik → Job helm-install-traefik → pod …`. */
  readonly hangs: readonly string[];
}

/** Lines of evidence that are kept. */
const evidenceLines = 4;
const evidenceLength = 400;

/** Names in braces of a sentence. */
type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

type NamesInKubeadm<Told> = Told extends { kubeadmRemedy: infer Text extends string } ? NamesIn<Text> : never;

type Sentences = typeof catalogue;

/** What a finding's sentence and remedy are filled with. */
export type Values<Id extends DiagnosisId> = Readonly<
  Record<NamesIn<Sentences[Id]["sentence"]> | NamesIn<Sentences[Id]["remedy"]> | NamesInKubeadm<Sentences[Id]>, string>
>;

/** What stands beside a finding's sentence: see {@link Finding}. A node that its values name need not be given. */
interface Context {
  readonly evidence?: readonly string[];
  readonly hangs?: readonly string[];
  readonly node?: string | undefined;
}

/** Makes a finding of the catalogue's sentence. */
export function finding<Id extends DiagnosisId>(
  id: Id,
  values: Values<Id>,
  { evidence = [], hangs = [], node }: Context = {},
): Finding {
  const { severity, area, sentence, remedy } = entryOf(id);
  const known: Readonly<Record<string, string>> = values;
  const about = node || known.node;
  return {
    id,
    severity,
    area,
    sentence: fill(sentence, known),
    values: known,
    remedy: fill(remedy, known),
    ...(about === undefined ? {} : { node: about }),
    evidence: [...new Set(evidence)].slice(0, evidenceLines).map((line) => line.trim().slice(0, evidenceLength)),
    hangs,
  };
}

function fill(text: string, values: Finding["values"]): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A finding with what mends it on a node of kubeadm. */
export function forKubeadm(one: Finding): Finding {
  const { kubeadmRemedy } = entryOf(one.id);
  return kubeadmRemedy === undefined ? one : { ...one, remedy: fill(kubeadmRemedy, one.values) };
}

const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/**
 * Puts findings in order: the same sentence once, what follows from another finding below that one, errors first. A chain is told once, by its
 * root, with what hangs on it; of several causes the one counts that the catalogue names first. What is wrong on one node is no cause on another.
 */
export function layered(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const one of findings) {
    const before = merged.get(one.sentence);
    merged.set(one.sentence, before === undefined ? one : join(before, one));
  }
  const all = [...merged.values()];
  const rootOf = (one: Finding, passed: readonly Finding[] = []): Finding => {
    const causes = entryOf(one.id).because ?? [];
    const isCause = (other: Finding, id: string) => other.id === id && !passed.includes(other) && isNear(one, other);
    const cause = causes.flatMap((id) => all.find((other) => isCause(other, id)) ?? [])[0];
    return cause === undefined || cause === one ? one : rootOf(cause, [...passed, one]);
  };
  const roots = all.filter((one) => rootOf(one) === one);
  return roots
    .map((root) => {
      const consequences = all.filter((one) => one !== root && rootOf(one) === root);
      return {
        ...root,
        hangs: unique([...root.hangs, ...consequences.flatMap(({ sentence, hangs }) => [sentence, ...hangs])]),
      };
    })
    .sort((a, b) => rank[a.severity] - rank[b.severity]);
}

/** Whether two findings are about the same node, as far as they name one. */
function isNear(one: Finding, other: Finding): boolean {
  return one.node === undefined || other.node === undefined || one.node === other.node;
}

function join({ node, ...one }: Finding, other: Finding): Finding {
  return {
    ...one,
    ...(node === undefined || node !== other.node ? {} : { node }),
    evidence: unique([...one.evidence, ...other.evidence]).slice(0, evidenceLines),
    hangs: unique([...one.hangs, ...other.hangs]),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
