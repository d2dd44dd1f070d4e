import { copySeconds, type Datastore, type DatastoreCopy } from "../kubernetes/datastore";
import { minorVersion } from "../kubernetes/version-skew";
import type { DatastoreChange } from "./program-datastore";
import type { ServiceInputs, ServiceState } from "./schema";

/** Names the copy that takes the datastore's place in one run: `backups/000012-v1.36.3+k3s1`. The command line sets it for `restore`. */
export const restoreVariable = "K3S_BOARD_RESTORE";

/** The copy that this run restores for a service; `undefined` where it restores none. */
export function restoreWish({ datastoreCopies }: Pick<ServiceInputs, "datastoreCopies">): string | undefined {
  return datastoreCopies === undefined ? undefined : process.env[restoreVariable] || undefined;
}

/** All copies of a datastore, those that were made on schedule first. */
export function copiesOf(datastore: Datastore | undefined): readonly DatastoreCopy[] {
  return datastore === undefined ? [] : [...datastore.backups, ...datastore.copies];
}

/** A copy in words: which, when, how big. */
export function describeCopy({ name, made, mebibytes }: DatastoreCopy): string {
  const time = new Date(made * 1000).toISOString().slice(0, 16).replace("T", " ");
  return `${name} of ${time} UTC (${mebibytes} MB)`;
}

/**
 * The copy of that name.
 *
 * @param version - of the program that will read it.
 * @returns why it cannot be restored, as text.
 */
export function chosenCopy(name: string, version: string, datastore: Datastore | undefined): DatastoreCopy | string {
  const copies = copiesOf(datastore);
  const copy = copies.find((one) => one.name === name);
  if (copy === undefined) {
    const others = copies.length === 0 ? "there are none" : `there are ${copies.map((one) => one.name).join(", ")}`;
    return `there is no copy ${name}: ${others}`;
  }
  if (minorVersion(copy.version) !== minorVersion(version))
    return `${copy.version} has written ${name}, and ${version} runs: only a copy of the same minor version can be restored`;
  if (datastore?.kind === "etcd")
    return "the datastore is an embedded etcd: k3s restores its own snapshots (cluster-reset)";
  return copy;
}

/** Why the service restarts. */
export function restoreReason(name: string): string {
  return `the datastore is restored from ${name}`;
}

/** What a preview says of it. */
export function restoreNotes({ datastore }: ServiceState, wanted: ServiceInputs): string[] {
  const name = restoreWish(wanted);
  if (name === undefined || wanted.datastoreCopies === undefined) return [];
  const copy = chosenCopy(name, wanted.datastoreCopies.version, datastore);
  if (typeof copy === "string") return [`nothing is restored: ${copy}`];
  return [
    `restores the datastore from ${describeCopy(copy)}: what was written since then is lost`,
    `copies the datastore of now (${datastore?.mebibytes ?? 0} MB) first; a roll-back brings it back`,
  ];
}

/**
 * What a transaction does for it.
 *
 * @returns why it cannot be done, as text.
 */
export function restoreChange(
  { datastore }: ServiceState,
  wanted: ServiceInputs,
): DatastoreChange | string | undefined {
  const name = restoreWish(wanted);
  if (name === undefined || wanted.datastoreCopies === undefined) return undefined;
  const { datastore: directory, version } = wanted.datastoreCopies;
  const copy = chosenCopy(name, version, datastore);
  if (typeof copy === "string") return copy;
  const mebibytes = (datastore?.mebibytes ?? 0) + copy.mebibytes;
  return { directory, version, restore: copy.path, seconds: copySeconds({ mebibytes }) };
}
