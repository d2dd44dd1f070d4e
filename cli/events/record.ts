import type { EngineEvent, OpType } from "@pulumi/pulumi/automation";
import { interruptionsIn, type Agreed } from "../../provider/announcements";
import { restartsIn, touchesIn, type Touches } from "../../provider/touches";
import { changedProperties } from "./changes";

/** How far the engine is with a resource. `planned` is all that a preview gets to. */
export type Outcome = "planned" | "running" | "done" | "failed";

/** What a person calls an operation; the engine's three steps of a replacement are one. */
export type Operation = "create" | "update" | "delete" | "replace" | "same" | "refresh" | "read";

/** One resource of a run. */
export interface ResourceRecord {
  readonly urn: string;
  /** Type token, such as `board:index:File`. */
  readonly type: string;
  readonly name: string;
  operation: Operation;
  outcome: Outcome;
  /** Top-level properties that change. */
  changed: string[];
  /** What reading the board found: the resource differs from the last known state, or is gone. */
  drift?: "changed" | "gone";
  /** A `refresh` by itself changes what is known of the resource, and not the resource. */
  stateOnly?: true;
  /** Sentences and line diffs of the provider, each once. */
  readonly notes: string[];
  /** Newest short-lived message ("waiting for node to be Ready"). */
  status?: string;
  /** Milliseconds since the epoch. */
  begun: number;
  seconds?: number;
}

/** A message of the engine, the program or the provider. */
export interface Diagnostic {
  readonly severity: "info" | "warning" | "error";
  readonly urn?: string;
  readonly message: string;
}

/** News for whoever shows the run. */
export type Happening =
  | { readonly kind: "begun" | "ended" | "failed" | "status"; readonly resource: ResourceRecord }
  | { readonly kind: "diagnostic"; readonly diagnostic: Diagnostic; readonly resource?: ResourceRecord };

const operations: Partial<Record<OpType, Operation>> = {
  create: "create",
  import: "create",
  update: "update",
  delete: "delete",
  discard: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "discard-replaced": "replace",
  "import-replacement": "replace",
  refresh: "refresh",
  read: "read",
  same: "same",
};

/** Steps around the one that makes the replacement: only that one is told. */
const besideReplacement: ReadonlySet<string> = new Set(["replace", "delete-replaced", "discard-replaced"]);

/** Steps after which what was on the board is no longer there. */
const takesAway: ReadonlySet<string> = new Set(["delete", "delete-replaced"]);

/** What deleting a resource does on the board, as notes; `state` as the engine shows it, without its secrets. */
export type Removal = (type: string, state: Readonly<Record<string, unknown>>) => readonly string[];

/** The name in a URN, which is behind its last `::`. */
export function urnName(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** An error that the program has thrown on purpose, with the stack that the engine appends. One of another class is a bug and keeps its stack. */
const thrownOnPurpose = /^Unhandled exception: (?:Error|ConfigError): ([^]*?)(?:\n\s+at [^]*)?$/;

/**
 * An engine message as a person wants it: without the colour directives (`<{%fg 1%}>`), without white space at the end, and an error of the
 * program without the words and the stack that the engine puts around it.
 */
export function plainMessage(message: string): string {
  const text = message.replace(/<\{%.*?%\}>/g, "").trimEnd();
  return (thrownOnPurpose.exec(text)?.[1] ?? text).replace(/^invocation of board:\S+ returned an error: /, "");
}

/** Parts of the program and of the engine's bookkeeping that are nothing on a board: components, the stack itself, providers. */
function isAbstract(step: StepMetadata): boolean {
  return step.type.startsWith("pulumi:") || (step.new ?? step.old)?.custom !== true;
}

/** What has happened in a run so far. Feed it the engine's events in their order. */
export class RunRecord {
  private readonly byUrn = new Map<string, ResourceRecord>();
  private readonly notesByUrn = new Map<string, string[]>();
  private readonly said = new Set<string>();
  private readonly abstract = new Set<string>();
  readonly diagnostics: Diagnostic[] = [];
  /** Resources read from the board so far. */
  refreshed = 0;
  /** The engine's own verdict; missing when it ended without one. */
  result?: "succeeded" | "failed";

  /** @param removal - what deleting a resource of a type with this state does on the board, as notes: the engine asks its provider only when it does it. */
  constructor(private readonly removal: Removal = () => []) {}

  /** Resources that the run looked at, in the order of their first step; not the stack itself, components and providers. */
  get resources(): ResourceRecord[] {
    return [...this.byUrn.values()].filter(({ urn }) => !this.abstract.has(urn));
  }

  /** Resources that change, or were to change. */
  get changes(): ResourceRecord[] {
    return this.resources.filter(({ operation }) => !["same", "refresh", "read"].includes(operation));
  }

  /** Changes that were begun and did not come to their end. */
  get undone(): ResourceRecord[] {
    return this.changes.filter(({ outcome }) => outcome === "failed" || outcome === "running");
  }

  /** Units that restart, `board` for a reboot. */
  get restarts(): string[] {
    return [...new Set(this.resources.flatMap((resource) => restartsIn(resource.notes)))].sort();
  }

  /** What is interrupted: units, and `board` for a reboot, by URN. */
  get interruptions(): Agreed {
    return Object.fromEntries(
      this.changes.flatMap(({ urn, notes }) => {
        const names = interruptionsIn(notes);
        return names.length === 0 ? [] : [[urn, names]];
      }),
    );
  }

  /** What is touched on the board: files, units, the board itself. */
  get touches(): Touches {
    return touchesIn(this.changes.flatMap(({ notes }) => notes));
  }

  /** Number of resources for each operation; what was begun and not done is not among them. */
  counts(): Record<Operation, number> {
    const counts: Record<Operation, number> = {
      create: 0,
      update: 0,
      delete: 0,
      replace: 0,
      same: 0,
      refresh: 0,
      read: 0,
    };
    const undone = new Set(this.undone);
    for (const resource of this.resources) if (!undone.has(resource)) counts[resource.operation] += 1;
    return counts;
  }

  /** Takes the next event. `now` is in milliseconds. */
  apply(event: EngineEvent, now = Date.now()): Happening[] {
    if (event.resourcePreEvent) return this.begin(event.resourcePreEvent.metadata, now);
    if (event.resOutputsEvent) {
      return this.end(event.resOutputsEvent.metadata, event.resOutputsEvent.planning === true, now);
    }
    if (event.resOpFailedEvent) return this.fail(event.resOpFailedEvent.metadata, now);
    if (event.diagnosticEvent) return this.diagnose(event.diagnosticEvent);
    if (event.summaryEvent) {
      this.result = (event.summaryEvent as { result?: string }).result === "failed" ? "failed" : "succeeded";
    }
    return [];
  }

  /** A provider may speak about a resource before its first step: `check` and `diff` run earlier. */
  private notesOf(urn: string): string[] {
    const notes = this.notesByUrn.get(urn) ?? [];
    this.notesByUrn.set(urn, notes);
    return notes;
  }

  private tellRemoval({ urn, type, old }: StepMetadata): void {
    const notes = this.notesOf(urn);
    for (const note of this.removal(type, old?.outputs ?? {})) if (!notes.includes(note)) notes.push(note);
  }

  private begin(step: StepMetadata, now: number): Happening[] {
    const operation = operations[step.op] ?? "update";
    if (takesAway.has(step.op)) this.tellRemoval(step);
    if (besideReplacement.has(step.op) && this.byUrn.get(step.urn)?.operation === "replace") return [];
    if (isAbstract(step)) this.abstract.add(step.urn);
    const known = this.byUrn.get(step.urn);
    if (known === undefined || known.operation === "refresh") {
      this.byUrn.set(step.urn, {
        ...(known ?? { urn: step.urn, type: step.type, name: urnName(step.urn), notes: this.notesOf(step.urn) }),
        operation,
        outcome: "running",
        changed: operation === "update" || operation === "replace" ? inputChanges(step) : [],
        begun: now,
      });
    } else {
      Object.assign(known, { operation, outcome: "running" });
      if (known.changed.length === 0 && operation === "replace") known.changed = inputChanges(step);
    }
    const resource = this.byUrn.get(step.urn);
    return resource && !isAbstract(step) ? [{ kind: "begun", resource }] : [];
  }

  private end(step: StepMetadata, planning: boolean, now: number): Happening[] {
    const resource = this.byUrn.get(step.urn);
    if (resource === undefined || resource.outcome === "failed") return [];
    if (resource.operation === "refresh") {
      this.refreshed += isAbstract(step) ? 0 : 1;
      const drift = driftOf(step);
      if (drift) Object.assign(resource, { drift, changed: drift === "gone" ? [] : stateChanges(step) });
      // `refresh` by itself reports what it found as operations on the state.
      if (step.op !== "refresh") Object.assign(resource, { operation: operations[step.op] ?? "same", stateOnly: true });
    }
    // Components end twice: when they are registered, and when their outputs are.
    const first = resource.outcome === "running" && !besideReplacement.has(step.op);
    resource.outcome = planning ? "planned" : "done";
    resource.seconds = (now - resource.begun) / 1000;
    delete resource.status;
    return first && !isAbstract(step) ? [{ kind: "ended", resource }] : [];
  }

  private fail(step: StepMetadata, now: number): Happening[] {
    const resource = this.byUrn.get(step.urn);
    if (resource === undefined) return [];
    resource.outcome = "failed";
    resource.seconds = (now - resource.begun) / 1000;
    delete resource.status;
    return [{ kind: "failed", resource }];
  }

  private diagnose(event: NonNullable<EngineEvent["diagnosticEvent"]>): Happening[] {
    const said = plainMessage(event.message);
    const isSilentEnd = silentEnd.test(said);
    const message = isSilentEnd ? silentEndMessage : said;
    const severity = isSilentEnd ? "warning" : severities[event.severity as string];
    if (!severity || !message || verdict.test(message)) return [];
    const found = event.urn ? this.byUrn.get(event.urn) : undefined;
    const resource = found && !this.abstract.has(found.urn) ? found : undefined;
    if (event.ephemeral) {
      if (!resource) return [];
      resource.status = message;
      return [{ kind: "status", resource }];
    }
    // What the program says of no resource comes under the stack's name.
    const urn = event.urn && !event.urn.includes("::pulumi:pulumi:Stack::") ? event.urn : undefined;
    const key = `${urn ?? ""} ${severity} ${message}`;
    if (this.said.has(key)) return [];
    this.said.add(key);
    if (severity !== "error" && urn) this.notesOf(urn).push(message);
    const diagnostic: Diagnostic = { severity, ...(urn ? { urn } : {}), message };
    this.diagnostics.push(diagnostic);
    return [{ kind: "diagnostic", diagnostic, ...(resource ? { resource } : {}) }];
  }
}

type StepMetadata = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];

/** What the engine says of the run as a whole; the reason is in another message, or was the user's Ctrl-C. */
const verdict = /^(update|preview|refresh|destroy) (failed|canceled)$/;

/**
 * The engine gives a provider half a second to answer before it stops it, and takes one that a busy machine keeps from that for one that has crashed
 * (healthCheck in sdk/go/common/resource/plugin/plugin.go). This is its message where the provider has printed nothing.
 */
const silentEnd = /^\s*Detected that \S+ exited prematurely\.[^]* STDERR streams of the plugin:$/;
const silentEndMessage =
  "the provider did not answer within half a second when it was stopped: this machine is busy, or something has killed it (out of memory?), which is told above then";

const severities: Partial<Record<string, Diagnostic["severity"]>> = {
  info: "info",
  "info#err": "info",
  warning: "warning",
  error: "error",
};

function inputChanges(step: StepMetadata): string[] {
  return changedProperties(step.old?.inputs, step.new?.inputs);
}

/** What a refresh found to differ: inputs where the provider reports them, else outputs. */
function stateChanges(step: StepMetadata): string[] {
  const inputs = inputChanges(step);
  return inputs.length > 0 ? inputs : changedProperties(step.old?.outputs, step.new?.outputs);
}

function driftOf(step: StepMetadata): "changed" | "gone" | undefined {
  if (step.new === undefined || step.new === null) return "gone";
  return stateChanges(step).length > 0 ? "changed" : undefined;
}
