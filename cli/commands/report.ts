import type { OutputMap } from "@pulumi/pulumi/automation";
import type { Touches } from "../../provider/touches";
import type { Work } from "../engine/work-record";
import type { Diagnostic, Operation, Outcome, RunRecord } from "../events/record";

/** What `--json` prints: one document for a run. */
export interface RunReport {
  readonly command: string;
  readonly stack: string;
  readonly result: "succeeded" | "failed" | "cancelled" | "declined";
  readonly summary: Readonly<Record<"create" | "update" | "delete" | "replace" | "same", number>> & {
    /** Whether anything changed, or would. */
    readonly changes: boolean;
    /** Units that restart, `board` for a reboot. */
    readonly restarts: readonly string[];
    /** What is touched on the board: paths of files, units with what happens to them, the board itself. */
    readonly touches: Touches;
  };
  readonly resources: readonly {
    readonly urn: string;
    readonly type: string;
    readonly name: string;
    readonly operation: Operation;
    readonly outcome: Outcome;
    readonly changed: readonly string[];
    readonly drift?: "changed" | "gone";
    readonly notes: readonly string[];
    readonly seconds?: number;
  }[];
  readonly diagnostics: readonly Diagnostic[];
  readonly durationSeconds: number;
  /** SSH round trips of the provider. */
  readonly roundTrips: number;
  /** Images that were made on this machine; 0 where all were in the cache. */
  readonly imagesBuilt: number;
  /** Bytes of blobs that went to registries. */
  readonly bytesPushed: number;
  /** What is wrong on a board where a wait for health ended in vain: see `npm run doctor`. */
  readonly findings: Work["findings"];
}

/** Makes the document. Pure. */
export function runReport(
  command: string,
  stack: string,
  result: RunReport["result"],
  record: RunRecord,
  durationSeconds: number,
  work: Work,
): RunReport {
  const counts = record.counts();
  return {
    command,
    stack,
    result,
    summary: {
      create: counts.create,
      update: counts.update,
      delete: counts.delete,
      replace: counts.replace,
      same: counts.same + counts.refresh + counts.read,
      changes: record.changes.length > 0,
      restarts: record.restarts,
      touches: record.touches,
    },
    resources: record.resources.map(({ urn, type, name, operation, outcome, changed, drift, notes, seconds }) => ({
      urn,
      type,
      name,
      operation,
      outcome,
      changed,
      ...(drift ? { drift } : {}),
      notes,
      ...(seconds === undefined ? {} : { seconds: Math.round(seconds * 1000) / 1000 }),
    })),
    diagnostics: record.diagnostics,
    durationSeconds: Math.round(durationSeconds * 1000) / 1000,
    ...work,
  };
}

/** Outputs of a stack as plain values; secrets as `[secret]` unless asked for. Pure. */
export function plainOutputs(outputs: OutputMap, showSecrets: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value, secret }]) => [
      name,
      secret && !showSecrets ? "[secret]" : (value as unknown),
    ]),
  );
}

/** Outputs as lines `name: value`; structured values as JSON, long texts in lines of their own. Pure. */
export function outputLines(outputs: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(outputs)
    .sort()
    .map((name) => {
      const value = outputs[name];
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return text.includes("\n") ? `  ${name}:\n${text.trimEnd().replace(/^/gm, "    ")}` : `  ${name}: ${text}`;
    });
}
