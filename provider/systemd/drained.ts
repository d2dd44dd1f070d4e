import { originals } from "../files/originals";
import { lastLines } from "../files/write";
import { type DrainedWork, thenUncordoned, whileDrained } from "../kubernetes/drained-work";
import { clusterOf } from "../kubernetes/node-object";
import type { Context } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import type { ServiceDrain, ServiceInputs, ServiceState } from "./schema";
import { cordonRecord } from "./unit-state";

/** How the node of a service is reached that may be cordoned: as it is wanted, or as it was when it was cordoned. */
function accessTo(
  wanted: Pick<ServiceInputs, "drain">,
  there: Pick<ServiceState, "drain"> | undefined,
): ServiceDrain | undefined {
  return wanted.drain ?? there?.drain;
}

/** The node that an earlier run has cordoned and did not come to uncordon, by the note on the board. */
export function leftCordoned(
  there: Pick<ServiceState, "drain" | "cordoned">,
  wanted: Pick<ServiceInputs, "drain">,
): ServiceDrain | undefined {
  return there.cordoned ? accessTo(wanted, there) : undefined;
}

/** What becomes of the node of a service, as notes. */
export function drainNotes(
  there: Pick<ServiceState, "drain" | "cordoned" | "running">,
  wanted: Pick<ServiceInputs, "drain">,
  restarts: boolean,
): string[] {
  if (restarts && there.running && wanted.drain !== undefined) {
    const { node, timeoutSeconds } = wanted.drain;
    return [
      `node ${node} is cordoned and drained before that, for ${timeoutSeconds} s at most, and uncordoned afterwards`,
    ];
  }
  const left = leftCordoned(there, wanted);
  return left === undefined
    ? []
    : [`node ${left.node} is uncordoned: an earlier run had cordoned it and was interrupted`];
}

/**
 * Does what may restart a service, with its node drained before where that is wanted, and uncordoned afterwards.
 *
 * @param there - the service as it is on the board.
 * @param old - as the stack knew it.
 */
export async function withNodeDrained(
  context: Context,
  board: Board,
  services: {
    readonly wanted: ServiceInputs;
    readonly there: ServiceState;
    readonly old: ServiceState | undefined;
    readonly restarts: boolean;
  },
  work: () => Promise<void>,
): Promise<void> {
  const { wanted, there, old, restarts } = services;
  const drain = accessTo(wanted, old);
  if (drain === undefined) return work();
  const args: DrainedWork = {
    node: drain.node,
    timeoutSeconds: drain.timeoutSeconds,
    label: board.label,
    log: (severity, message) => context.log(severity, context.mask(message)),
    cluster: async () => clusterOf(await context.board(drain.connection), drain.kubeconfig),
    note: () => mark(board, wanted.name, noteScript(wanted.name)),
    forget: () => mark(board, wanted.name, forgetScript(wanted.name)),
  };
  if (restarts && there.running && wanted.drain !== undefined) return whileDrained(args, work);
  return there.cordoned ? thenUncordoned(args, work) : work();
}

async function mark(board: Board, name: string, script: string): Promise<void> {
  const purpose = `noting that the node of ${name}.service is drained`;
  const { code, stderr } = await board.run(script, { purpose });
  if (code !== 0) throw new BoardError("refused", board.label, `${cordonRecord(name)}: ${lastLines(stderr)}`);
}

function noteScript(name: string): string {
  const record = quote(cordonRecord(name));
  return `${originals}
lock
( umask 077; mkdir -p $state/services && : >${record} ) && sync -- ${record} $state/services || fail "it cannot be written"`;
}

function forgetScript(name: string): string {
  return `${originals}
[ -d $state ] || exit 0
lock
rm -f -- ${quote(cordonRecord(name))} || fail "it cannot be removed"
rmdir $state/services 2>/dev/null
tidy`;
}
