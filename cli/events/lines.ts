import { restartsIn } from "../../provider/touches";
import { urnName, type Diagnostic, type Operation, type ResourceRecord, type RunRecord } from "./record";

/** Wraps text in a colour, or not. */
export type Paint = (colour: "red" | "green" | "yellow" | "cyan" | "dim" | "bold", text: string) => string;

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;

/** Colours for a terminal. */
export const coloured: Paint = (colour, text) => `\x1b[${codes[colour]}m${text}\x1b[0m`;

/** No colours: pipes, files, `NO_COLOR`. */
export const plain: Paint = (_colour, text) => text;

const marks: Record<Operation, { sign: string; colour: Parameters<Paint>[0]; doing: string; done: string }> = {
  create: { sign: "+ ", colour: "green", doing: "creating", done: "created" },
  update: { sign: "~ ", colour: "yellow", doing: "updating", done: "updated" },
  delete: { sign: "- ", colour: "red", doing: "deleting", done: "deleted" },
  replace: { sign: "+-", colour: "yellow", doing: "replacing", done: "replaced" },
  same: { sign: "  ", colour: "dim", doing: "looking at", done: "unchanged" },
  refresh: { sign: "  ", colour: "dim", doing: "reading", done: "read" },
  read: { sign: "  ", colour: "dim", doing: "reading", done: "read" },
};

/** The part of a type token that a person knows: `File` of `board:index:File`. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf(":") + 1);
}

/** Elapsed time: `0.4 s`, `45 s`, `3 min 05 s`. */
export function elapsed(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

function indent(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => `${by}${line}`)
    .join("\n");
}

/** Colours a note: lines of a line diff, and restarts, which nobody may overlook. */
function noteLines(note: string, paint: Paint): string {
  const restart = restartsIn([note]).length > 0;
  const painted = note.split("\n").map((line) => {
    if (restart) return paint("bold", line);
    if (/^\s*\+(?!\+)/.test(line)) return paint("green", line);
    if (/^\s*-(?!-)/.test(line)) return paint("red", line);
    return line;
  });
  return indent(painted.join("\n"), "       ");
}

function title(resource: ResourceRecord): string {
  return `${resource.name} (${shortType(resource.type)})`;
}

/** A resource in a preview: operation, properties, what differs on the board, and the provider's notes. */
export function plannedLines(resource: ResourceRecord, paint: Paint): string {
  const { sign, colour } = marks[resource.operation];
  const drift = resource.drift === "gone" ? " [gone from the board]" : resource.drift ? " [differs on the board]" : "";
  const changed = resource.changed.length > 0 ? `: ${resource.changed.join(", ")}` : "";
  const head = `  ${paint(colour, sign)} ${resource.operation.padEnd(7)} ${title(resource)}${changed}${paint("yellow", drift)}`;
  return [head, ...resource.notes.map((note) => noteLines(note, paint))].join("\n");
}

/** The line behind a finished step. */
export function endedLine(resource: ResourceRecord, paint: Paint): string {
  const { sign, colour, done, doing } = marks[resource.operation];
  if (resource.stateOnly && resource.outcome !== "failed") {
    const found =
      resource.drift === "gone" ? "is gone from the board" : `differs on the board: ${resource.changed.join(", ")}`;
    return `  ${paint(colour, sign)} ${title(resource)}  ${found}`;
  }
  const time = resource.seconds === undefined ? "" : `  ${elapsed(resource.seconds)}`;
  if (resource.outcome === "failed") return `  ${paint("red", "!!")} ${title(resource)}  ${doing} failed${time}`;
  const changed =
    resource.operation === "update" && resource.changed.length > 0 ? `: ${resource.changed.join(", ")}` : "";
  return `  ${paint(colour, sign)} ${title(resource)}  ${done}${changed}${time}`;
}

/** A step that runs: `k3s (SystemdService)  updating … 45 s: waiting for node board to be Ready`. */
export function runningLine(resource: ResourceRecord, now: number): string {
  const status = resource.status ? `: ${resource.status.split("\n")[0]}` : "";
  return `${title(resource)}  ${marks[resource.operation].doing} … ${elapsed((now - resource.begun) / 1000)}${status}`;
}

/** A message of engine, program or provider; the first line beside the resource's name. */
export function diagnosticLines(diagnostic: Diagnostic, paint: Paint): string {
  const name = diagnostic.urn ? `${urnName(diagnostic.urn)}: ` : "";
  if (diagnostic.severity === "info") return noteLines(`${name}${diagnostic.message}`, paint);
  const label = diagnostic.severity === "error" ? paint("red", "error") : paint("yellow", "warning");
  const [first = "", ...rest] = diagnostic.message.split("\n");
  return [`  ${label}: ${name}${first}`, ...rest.map((line) => `       ${line}`)].join("\n");
}

/** `+2 ~1 -0, 20 unchanged; restarts: k3s.service`. Of a run that failed it counts what was done, and says what was not. */
export function summaryLine(record: RunRecord): string {
  const counts = record.counts();
  const replaced = counts.replace > 0 ? ` +-${counts.replace}` : "";
  const unchanged = counts.same + counts.refresh + counts.read;
  const restarts = record.restarts.length > 0 ? `; restarts: ${record.restarts.join(", ")}` : "";
  const undone = record.undone.map(title);
  const left = undone.length > 0 ? `; not done: ${undone.join(", ")}` : "";
  return `+${counts.create} ~${counts.update} -${counts.delete}${replaced}, ${unchanged} unchanged${restarts}${left}`;
}
