import { pauseAfterLook } from "../pause";
import { isObject } from "../secrets";
import { identityOf, type KubernetesObject, titleOf } from "./manifest-documents";
import type { Kind, ObjectsApi } from "./objects-api";
import {
  addonKind,
  addonNamespace,
  deletionStep,
  deployedLabel,
  distinctKinds,
  isForeign,
  isOwned,
  kindsOfAddon,
  kindsOfPeople,
  reasonToKeep,
} from "./owned-objects";

/** What {@link deleteOwnedObjects} goes by. */
export interface DeletionArgs {
  readonly api: ObjectsApi;
  /** Name of the Addon that k3s keeps for the file, which is gone by now. */
  readonly addon: string;
  /** Kinds that the file has ever held. What its Addon remembers is added. */
  readonly kinds: readonly Kind[];
  /** Seconds until objects that do not go are given up. */
  readonly timeoutSeconds: number;
  readonly log: (severity: "info" | "warning", message: string) => void;
}

/** Objects that did not go, with what holds them. */
export class StillThere extends Error {
  override readonly name = "StillThere";
}

/**
 * Deletes everything that k3s has deployed from one file, and then its Addon. k3s does none of it: it deletes what leaves a file, and forgets
 * a file that is gone. With an Addon left behind, it would take the same file, should it come back, for applied.
 *
 * An object is found by the mark that k3s gives it, never by its name in the manifest: what another manifest or another person has taken over,
 * or had before, stays.
 *
 * @throws StillThere for what is there after the time, with its finalizers. Another run goes on from there.
 */
export async function deleteOwnedObjects({ api, addon, kinds, timeoutSeconds, log }: DeletionArgs): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  const record: KubernetesObject = { ...addonKind, metadata: { name: addon, namespace: addonNamespace } };
  const addons = await api.resource(addonKind);
  const remembered = addons === undefined ? undefined : await api.find(record, addons);
  const all = distinctKinds([...kinds, ...kindsOfAddon(remembered)]);
  for (const step of [0, 1, 2, 3, 4]) {
    const ofStep = all.filter((kind) => deletionStep(kind) === step);
    const gone = await deleteKinds({ api, addon, log }, ofStep, deadline);
    if (gone.length > 0) log("info", `deleted ${gone.join(", ")}`);
  }
  if (addons !== undefined) await api.delete(record);
}

async function deleteKinds(
  { api, addon, log }: Pick<DeletionArgs, "api" | "addon" | "log">,
  kinds: readonly Kind[],
  deadline: number,
): Promise<string[]> {
  const asked = new Set<string>();
  const kept = new Set<string>();
  for (let look = 0; ; look++) {
    const began = Date.now();
    const found = (await Promise.all(kinds.map((kind) => api.list(kind, { labelSelector: deployedLabel })))).flat();
    const owned = found.filter((object) => isOwned(object, addon));
    if (look === 0) {
      for (const object of owned) {
        const reason = reasonToKeep(object) ?? (await foreignTenants(api, addon, object));
        if (reason === undefined) continue;
        kept.add(identityOf(object));
        log("warning", `${titleOf(object)} stays: ${reason}`);
      }
    }
    const going = owned.filter((object) => !kept.has(identityOf(object)));
    if (going.length === 0) return [...asked];
    for (const object of going.filter(({ metadata }) => metadata.deletionTimestamp === undefined)) {
      asked.add(titleOf(object));
      await api.delete(object);
    }
    // most objects are gone at once
    if (look === 0) continue;
    if (Date.now() >= deadline) throw new StillThere(going.map(hindrance).join("\n"));
    await pauseAfterLook(began);
  }
}

/** Why a namespace must not go: what others have put into it. */
async function foreignTenants(api: ObjectsApi, addon: string, object: KubernetesObject): Promise<string | undefined> {
  const { kind, metadata } = object;
  if (kind !== "Namespace" || metadata.deletionTimestamp !== undefined) return undefined;
  const found = (await Promise.all(kindsOfPeople.map((one) => api.list(one, { namespace: metadata.name })))).flat();
  const foreign = found.filter((one) => isForeign(one, addon)).map(titleOf);
  if (foreign.length === 0) return undefined;
  return `others have put something into it (${foreign.slice(0, 5).join(", ")}${foreign.length > 5 ? ", …" : ""})`;
}

/** What keeps an object that is deleted: its finalizers, or what a namespace says of itself. */
function hindrance(object: KubernetesObject): string {
  const { finalizers = [] } = object.metadata;
  const status: unknown = object.status;
  const conditions = isObject(status) && Array.isArray(status.conditions) ? (status.conditions as unknown[]) : [];
  const remaining = conditions.flatMap((condition) =>
    object.kind === "Namespace" &&
    isObject(condition) &&
    condition.status === "True" &&
    typeof condition.message === "string"
      ? [condition.message]
      : [],
  );
  const held = finalizers.length === 0 ? "" : `, held by the finalizers ${finalizers.join(", ")}`;
  return `${titleOf(object)} is still there${held}${remaining.length === 0 ? "" : ` (${remaining.join(" ")})`}`;
}
