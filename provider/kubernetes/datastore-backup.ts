import { z } from "zod";
import { originals } from "../files/originals";
import { absolutePath } from "../files/schema";
import { lastLines } from "../files/write";
import type { Context, ResourceType } from "../resource";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { quote } from "../ssh/shell";
import { isUnknown } from "../unknowns";
import { isOwn, notOwn, removeCopies } from "./datastore-script";
import { depthOf, onDestroyVariable } from "./on-destroy";

const inputs = z.strictObject({
  connection: connectionArgs,
  /** Name of the timer, and of the service that it starts, without the ending. */
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, "must be the name of a unit without its ending"),
  /** What the timer has as `OnCalendar`. */
  schedule: z.string().min(1),
  /** Where the datastore is. */
  datastore: absolutePath,
  /** Where the copies are. */
  directory: absolutePath,
  /** Checksums of the units: where one changes, systemd reads them again. */
  triggers: z.record(z.string(), z.string()).default({}),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  /** The timer waits for its time, will do so after the next boot, and is the one that is on the disk. */
  readonly active: boolean;
}

/** Prints a line for each of three signs that the timer is as it has to be. */
function lookFragment(name: string): string {
  const timer = quote(`${name}.timer`);
  return `s=$(systemctl show -p ActiveState,UnitFileState -- ${timer} && systemctl show -p NeedDaemonReload -- ${timer} ${quote(`${name}.service`)}) || exit
printf '%s\\n' "$s" | grep -Fx -e ActiveState=active -e UnitFileState=enabled
case $s in *NeedDaemonReload=yes*) ;; *) echo current ;; esac`;
}

async function isActive(context: Context, { connection, name }: Inputs): Promise<boolean> {
  const board = await context.board(connection);
  const { code, stdout, stderr } = await board.ask(`timer ${name}`, lookFragment(name));
  if (code !== 0)
    throw new BoardError("refused", board.label, `${name}.timer cannot be looked at: ${lastLines(stderr)}`);
  return stdout.trim().split("\n").length === 3;
}

function notesFor({ name, schedule }: Inputs, isThere: boolean): string[] {
  return [`${name}.timer ${isThere ? "restarts" : "starts"}: ${schedule}`];
}

/**
 * `board:index:DatastoreBackup`: the timer of scheduled backups, whose units and script are files of their own, and the copies that it has made:
 * these go with a `destroy` that takes k3s's data, and stay where only the schedule is taken away.
 */
export const datastoreBackup: ResourceType<Inputs, State> = {
  token: "board:index:DatastoreBackup",
  inputs,
  secretOutputs: [],

  diff(state, wanted) {
    const same = JSON.stringify(state.triggers) === JSON.stringify(wanted.triggers);
    const changed = [
      ...(same ? [] : ["triggers"]),
      ...(state.active ? [] : ["name"]),
      ...(["schedule", "datastore", "directory"] as const).filter((property) => state[property] !== wanted[property]),
    ];
    return {
      changed,
      replaces: state.name === wanted.name ? [] : ["name"],
      notes: changed.length === 0 ? [] : notesFor(wanted, state.active),
    };
  },

  async announce(context, wanted) {
    if (isUnknown(wanted.name)) return [];
    return (await isActive(context, wanted)) ? [] : notesFor(wanted, false);
  },

  removal: ({ name }) => [`${name}.timer stops`],

  async create(context, wanted) {
    await start(context, wanted);
    return { id: wanted.name, state: { ...wanted, active: true } };
  },

  async read(context, _id, state) {
    const active = await isActive(context, state);
    const { active: _active, ...wanted } = state;
    return { state: { ...wanted, active }, inputs: wanted };
  },

  async update(context, _id, _old, wanted) {
    await start(context, wanted);
    return { ...wanted, active: true };
  },

  async delete(context, _id, { connection, name, directory }) {
    const board = await context.board(connection);
    const depth = process.env[onDestroyVariable] ? depthOf(undefined, process.env) : "keepData";
    const copies = depth === "keepData" ? "" : removeCopies(directory);
    const script = `${originals}
lock
systemctl disable -q --now ${quote(`${name}.timer`)} 2>/dev/null
systemctl stop ${quote(`${name}.service`)} 2>/dev/null
${copies}
tidy`;
    const { code, stderr } = await board.run(script, { purpose: `stopping ${name}.timer`, timeoutSeconds: 300 });
    if (code !== 0) throw new BoardError("refused", board.label, `${name}.timer was not stopped: ${lastLines(stderr)}`);
  },
};

/** Has systemd read the units and wait for the next time. */
async function start(context: Context, { connection, name, schedule, datastore, directory }: Inputs): Promise<void> {
  const board = await context.board(connection);
  const timer = quote(`${name}.timer`);
  const script = `fail() { printf '%s\\n' "$*" >&2; exit 1; }
said=$(systemd-analyze calendar -- ${quote(schedule)} 2>&1) || fail "$said"
[ -e ${quote(`${datastore}/state.db`)} ] || [ ! -e ${quote(`${datastore}/etcd`)} ] || fail "the datastore is an embedded etcd, which has snapshots of its own: k3s.config.etcd-snapshot-schedule-cron"
copies=${quote(directory)}
${isOwn}
is_own "$copies" || fail "${notOwn}"
systemctl daemon-reload && systemctl enable -q ${timer} && systemctl restart ${timer}`;
  const { code, stderr } = await board.run(script, { purpose: `starting ${name}.timer`, timeoutSeconds: 120 });
  if (code !== 0) throw new BoardError("refused", board.label, `${name}.timer was not started: ${lastLines(stderr)}`);
}
