import { lastLines } from "../files/write";
import { hasOtherMembers, needsCopy } from "../kubernetes/datastore";
import { snapshotScript, snapshotSeconds, type EtcdSnapshot } from "../kubernetes/etcd-snapshot";
import type { Context } from "../resource";
import type { Board } from "../ssh/board";
import { refuseStaged } from "./program";
import type { ServiceInputs, ServiceProgram, ServiceState } from "./schema";

/** Seconds for what the script does besides saving: a look at k3s's flags, files that go. */
const marginSeconds = 90;

/**
 * The snapshot that is saved before a staged program takes the place of the one that is there: of an etcd with other members, which is not copied.
 *
 * @param before - version of the program that is there, as it says itself.
 * @param told - what the service was told before: the server that runs answers there, and not where the next one will. Defaults to the same.
 */
export function planSnapshot(
  program: ServiceProgram,
  before: string | undefined,
  { datastore: there }: Pick<ServiceState, "datastore">,
  told?: Pick<ServiceInputs, "program">,
): EtcdSnapshot | undefined {
  const { datastore, server, snapshots } = { ...program.upgrade, ...told?.program?.upgrade };
  if (program.version === undefined || datastore === undefined || server === undefined || there === undefined)
    return undefined;
  if (!needsCopy(before, program.version) || !hasOtherMembers(there)) return undefined;
  return {
    program: program.path,
    ...(before === undefined ? {} : { version: before }),
    datastore,
    ...(snapshots === undefined ? {} : { directory: snapshots }),
    server,
    seconds: snapshotSeconds(there),
  };
}

/**
 * Saves a snapshot with the program that is there. One that does not run cannot: then the other servers hold the data, and the change goes on.
 *
 * @throws BoardError when it runs and saves none. The staged program is gone then, and nothing has changed.
 */
export async function saveSnapshot(
  context: Context,
  board: Board,
  { name, running, program }: { readonly name: string; readonly running: boolean; readonly program: ServiceProgram },
  snapshot: EtcdSnapshot,
): Promise<void> {
  const service = `${name}.service`;
  if (!running) {
    context.log(
      "warning",
      `${service} does not run, so no etcd snapshot is saved before its program changes; the other servers of its etcd hold the data`,
    );
    return;
  }
  context.log("info", `saving an etcd snapshot before ${program.path} changes`);
  const result = await board.run(snapshotScript(snapshot), {
    purpose: "saving an etcd snapshot",
    timeoutSeconds: snapshot.seconds + marginSeconds,
  });
  if (result.code !== 0)
    await refuseStaged(
      board,
      program,
      `no etcd snapshot could be saved before (${snapshot.program} etcd-snapshot save): ${context.mask(lastLines(result.stderr))}`,
      `Everything is as it was before. The journal may say more (journalctl -u ${name}). A server that can save none any more is changed without ` +
        `one when it does not run: systemctl stop ${name}, then run the same command again`,
    );
  context.log("info", `the etcd snapshot is ${/^saved=(.*)$/m.exec(result.stdout)?.[1] ?? "saved"}`);
}
