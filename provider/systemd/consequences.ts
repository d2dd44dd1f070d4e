import { type InterruptedNode, interruptionNotes, type NamedNode } from "../kubernetes/interruption";
import type { Context, SecretPaths } from "../resource";
import type { Board } from "../ssh/board";
import { quote } from "../ssh/shell";
import { isUnknown } from "../unknowns";
import { absentMode } from "./changes";
import { execStart, execStartNotes, parseUnitTexts, type UnitText, withOurs } from "./exec-start";
import { filesOf, isUnitFile, type ServiceFile, type ServiceInputs } from "./schema";

/** What a board says of a service that is about to restart. */
interface Process {
  readonly hostname: string;
  /** Files of the service that are newer than its process. */
  readonly newer: readonly string[];
  readonly needsDaemonReload: boolean;
  /** What `systemctl cat` prints. */
  readonly units: string;
}

/** Prints what {@link parseProcess} reads. systemd tells seconds: what was written in that of the start is not newer. Files that k3s reads and that are not ours are looked at as well. */
function processFragment(name: string, files: readonly string[], isKubernetes: boolean): string {
  const unit = quote(`${name}.service`);
  const looked = [
    ...files.map(quote),
    ...(isKubernetes ? ["/etc/rancher/k3s/config.yaml", "/etc/rancher/k3s/config.yaml.d"] : []),
  ];
  return `read -r h </proc/sys/kernel/hostname; echo "hostname=$h"
s=$(TZ=UTC systemctl show -p ActiveState,ExecMainStartTimestamp,NeedDaemonReload -- ${unit})
case $s in *ActiveState=active*)
  t=\${s##*ExecMainStartTimestamp=}; t=\${t%%"
"*}
  [ -z "$t" ] || TZ=UTC find ${looked.length > 0 ? looked.join(" ") : "/nonexistent"} -type f -newermt "1 second $t" -printf 'newer=%p\\n' 2>/dev/null ;;
esac
case $s in *NeedDaemonReload=yes*) echo reload=yes ;; esac
echo ==
systemctl cat -- ${unit} 2>/dev/null
:`;
}

/** Reads what the board said. */
export function parseProcess(output: string): Process {
  const at = output.indexOf("==\n");
  const said = (key: string) =>
    output
      .slice(0, Math.max(at, 0))
      .split("\n")
      .flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  return {
    hostname: said("hostname")[0] ?? "",
    newer: [...new Set(said("newer"))].sort(),
    needsDaemonReload: said("reload").length > 0,
    units: at < 0 ? "" : output.slice(at + 3),
  };
}

/** What differs between the disk and the process that runs now, as notes. */
export function processNotes(service: string, { newer, needsDaemonReload }: Process): string[] {
  return [
    ...(needsDaemonReload ? [`systemd runs ${service} by unit files that have changed since (NeedDaemonReload)`] : []),
    ...newer.map((path) => `${service} runs with what ${path} was before: the file is newer than the process`),
  ];
}

/**
 * What a restart of a service means: its command before and after, what the process that runs does not know of the disk, and, for
 * Kubernetes, the pods of the node. Asked only where a service is interrupted.
 *
 * @param there - the service as it is on the board; `undefined` where the stack does not know it yet.
 */
export async function consequences(
  context: Context,
  wanted: ServiceInputs,
  isSecret: SecretPaths,
  there: ServiceInputs | undefined,
): Promise<string[]> {
  const board = await context.board(wanted.connection);
  const service = `${wanted.name}.service`;
  const now = filesOf(there ?? wanted);
  const present = now.filter(({ mode }) => mode !== absentMode).map(({ path }) => path);
  const isKubernetes = wanted.health.kind === "kubernetes";
  const { stdout } = await board.ask(`process ${wanted.name}`, processFragment(wanted.name, present, isKubernetes));
  const process = parseProcess(stdout);
  const before = parseUnitTexts(process.units);
  const node = await interruptedNode(context, board, wanted, process.hostname);
  const interruption = wanted.drain === undefined ? "restart" : "drained restart";
  const pods = node === undefined ? [] : await interruptionNotes(node, interruption, execStart(before)[0]);
  return [...commandNotes(service, before, wanted, now, isSecret), ...processNotes(service, process), ...pods].map(
    (note) => context.mask(note),
  );
}

/** The node that a service runs: as others know it, else as its own API server does. */
async function interruptedNode(
  context: Context,
  board: Board,
  { drain, cluster = drain, health }: ServiceInputs,
  hostname: string,
): Promise<InterruptedNode | NamedNode | undefined> {
  if (cluster !== undefined) {
    const { connection, kubeconfig, node } = cluster;
    return { board: await context.board(connection), kubeconfig, name: node };
  }
  if (health.kind !== "kubernetes") return undefined;
  return { board, kubeconfig: health.kubeconfig, names: [health.node ?? hostname] };
}

/** Nothing for a unit that is new, that is secret, or whose text a preview does not know. */
function commandNotes(
  service: string,
  before: readonly UnitText[],
  wanted: ServiceInputs,
  now: readonly ServiceFile[],
  isSecret: SecretPaths,
): string[] {
  const goal = filesOf(wanted);
  const hidden = wanted.files.some(({ path }, index) => isUnitFile(path) && isSecret(`files[${index}].content`));
  const units = goal.filter(({ path }) => isUnitFile(path));
  if (before.length === 0 || hidden || isSecret("unit") || units.some(({ content }) => isUnknown(content))) return [];
  const gone = now.map(({ path }) => path).filter((path) => !goal.some((file) => file.path === path));
  const after = withOurs(
    before,
    units.map(({ path, content }) => ({ path, text: content })),
    gone,
  );
  return execStartNotes(service, before, after);
}
