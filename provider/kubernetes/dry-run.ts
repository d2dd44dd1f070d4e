import { isObject } from "../secrets";
import { identityOf, type KubernetesObject, type PlacedObject, titleOf } from "./manifest-documents";
import { type ApiAnswer, type ApiResource, type ObjectsApi, refusalIn } from "./objects-api";

/** What an API server says of a manifest before k3s applies it. */
export interface DryRunFindings {
  /** Objects that it would refuse: place, object, reason. */
  readonly refused: readonly string[];
  /** What it would take but says something about, and what it could not be asked about. */
  readonly remarks: readonly string[];
}

type Verdict = { readonly kind: "taken" } | { readonly kind: "refused" | "unknown"; readonly reason: string };

/**
 * Asks an API server about every object of a manifest, without changing anything.
 *
 * How k3s would write an object depends on what is there: it creates, or patches by what it applied last. A new object is asked about as a
 * creation. For one that exists there is no request that is k3s's own, so that it is refused only where both server-side apply and a merge
 * patch are: the first keeps what the old manifest said in addition, the second replaces lists.
 *
 * @param before - the objects as the manifest had them when it was applied last, for what a merge patch must take away.
 * @throws where no answer comes.
 */
export async function dryRun(
  api: ObjectsApi,
  objects: readonly PlacedObject[],
  before: readonly PlacedObject[] = [],
): Promise<DryRunFindings> {
  const old = new Map(before.map(({ object }) => [identityOf(object), object]));
  const namespaces = new Set(
    objects.flatMap(({ object }) => (object.kind === "Namespace" ? [object.metadata.name] : [])),
  );
  const defined = new Set(objects.flatMap(({ object }) => definedKinds(object)));
  const refused: string[] = [];
  const remarks: string[] = [];
  for (const { place, object } of objects) {
    const title = `${place}, ${titleOf(object)}`;
    const resource = await api.resource(object);
    if (resource === undefined) {
      if (!defined.has(kindKey(object.apiVersion, object.kind)))
        remarks.push(`${title}: not checked: the API server has no ${object.kind} in ${object.apiVersion} yet`);
      continue;
    }
    const { verdict, warnings } = await ask(api, object, resource, old.get(identityOf(object)));
    for (const warning of warnings) remarks.push(`${title}: ${warning}`);
    if (verdict.kind === "refused") refused.push(`${title}: ${verdict.reason}`);
    const awaited = verdict.kind === "unknown" && namespaces.has(object.metadata.namespace ?? "");
    if (verdict.kind === "unknown" && !awaited) remarks.push(`${title}: not checked: ${verdict.reason}`);
  }
  return { refused, remarks };
}

async function ask(
  api: ObjectsApi,
  object: KubernetesObject,
  resource: ApiResource,
  old: KubernetesObject | undefined,
): Promise<{ verdict: Verdict; warnings: readonly string[] }> {
  if ((await api.find(object, resource)) === undefined) return askToCreate(api, object, resource);
  const applied = await api.dryApply(object, resource);
  const verdict = verdictOn(applied);
  if (verdict.kind !== "refused") return { verdict, warnings: applied.warnings };
  const merged = await api.dryMerge(object, resource, mergePatch(old ?? {}, object));
  const second = verdictOn(merged);
  if (second.kind !== "refused") return { verdict: second, warnings: merged.warnings };
  // k3s deletes and creates what cannot be changed, for the kinds where it knows how
  if (!isReplaced(object.kind) || !/immutable|may not change|cannot be changed/.test(second.reason))
    return { verdict: second, warnings: [] };
  return askToCreate(api, object, resource);
}

/** An object of a namespace that is not there yet is asked about in `default`: what is wrong with it is wrong there too. */
async function askToCreate(
  api: ObjectsApi,
  object: KubernetesObject,
  resource: ApiResource,
): Promise<{ verdict: Verdict; warnings: readonly string[] }> {
  const answer = await api.dryCreate(object, resource);
  if (answer.status !== 404 || !resource.namespaced) return { verdict: verdictOn(answer), warnings: answer.warnings };
  const elsewhere = { ...object, metadata: { ...object.metadata, namespace: "default" } };
  const other = await api.dryCreate(elsewhere, resource);
  const verdict = verdictOn(other);
  if (verdict.kind === "refused") return { verdict, warnings: other.warnings };
  return { verdict: { kind: "unknown", reason: refusalIn(answer).message }, warnings: other.warnings };
}

/** Kinds that k3s deletes and creates anew where a part of them cannot be changed (wrangler, pkg/apply, reconcilers). */
function isReplaced(kind: string): boolean {
  return ["Deployment", "DaemonSet", "Job", "Service", "Secret"].includes(kind);
}

/**
 * Whether an answer is the server's opinion of the object. What only says that it could not be asked now (load, a hook that knows no dry run,
 * a namespace on its way out) is none.
 */
function verdictOn(answer: ApiAnswer): Verdict {
  // a creation gets this far only when nothing else is wrong
  if ((answer.status >= 200 && answer.status < 300) || answer.status === 409) return { kind: "taken" };
  const { message } = refusalIn(answer);
  const typed = /failed to create typed|field not declared in schema/.test(message);
  const opinion = [400, 403, 405, 413, 422].includes(answer.status) || (answer.status === 500 && typed);
  const passing = /does not support dry run|is being terminated|failed calling webhook/.test(message);
  return { kind: opinion && !passing ? "refused" : "unknown", reason: message };
}

/**
 * The JSON merge patch (RFC 7386) that takes an object from one manifest to another: what has left is null, lists are replaced.
 * `metadata` and what the server adds stay.
 */
export function mergePatch(old: unknown, wanted: unknown): unknown {
  if (!isObject(wanted)) return wanted;
  const before = isObject(old) ? old : {};
  const left = Object.keys(before).filter((key) => !(key in wanted));
  return Object.fromEntries([
    ...left.map((key) => [key, null]),
    ...Object.entries(wanted).map(([key, value]) => [key, mergePatch(before[key], value)]),
  ]) as unknown;
}

/** The kinds that a CustomResourceDefinition brings. */
function definedKinds({ kind, spec }: KubernetesObject): string[] {
  if (kind !== "CustomResourceDefinition" || !isObject(spec) || !isObject(spec.names)) return [];
  const { group, names } = spec;
  const versions = Array.isArray(spec.versions) ? (spec.versions as unknown[]) : [];
  return versions.flatMap((version) =>
    isObject(version) ? [kindKey(`${String(group)}/${String(version.name)}`, String(names.kind))] : [],
  );
}

function kindKey(apiVersion: string, kind: string): string {
  return `${apiVersion} ${kind}`;
}
