import type { RunRecord } from "../../cli/events/record";
import type { Step } from "./edits";
import type { Configuration } from "./configuration";
import { touchedBetween, valuesIn, type Snapshot } from "./snapshot";
import type { PropertyStack } from "./stack";

/** What came of one step. */
export interface Verdict {
  /** Sentences about what differs between what was told and what was touched; none where the preview was true. */
  readonly mismatches: readonly string[];
  /** Lines about what was done, for whoever looks for the reason. */
  readonly story: readonly string[];
  /** Whether the step changed anything at all. */
  readonly touched: boolean;
}

/** Lists that should be equal: what is only in one of them, as sentences. */
function differences(what: string, told: readonly string[], touched: readonly string[]): string[] {
  return [
    ...touched.filter((one) => !told.includes(one)).map((one) => `${what} was touched and not told: ${one}`),
    ...told.filter((one) => !touched.includes(one)).map((one) => `${what} was told and not touched: ${one}`),
  ];
}

/** Compares what a preview told with what differs on the board behind the run. */
export function compare(preview: RunRecord, before: Snapshot, after: Snapshot): string[] {
  const notes = preview.changes.flatMap((resource) => resource.notes);
  const told = preview.touches;
  const touched = touchedBetween(before, after);
  // With its file a unit is no longer enabled either.
  const gone = (unit: string) =>
    unit.endsWith(" is disabled") && !after.files.has(`/etc/systemd/system/${unit.split(" ")[0]}`);
  return [
    ...differences("a file", told.files, touched.files),
    ...differences("a unit", told.reboots ? told.units.filter((unit) => !/ (re)?starts$/.test(unit)) : told.units, [
      ...touched.units.filter((unit) => told.units.includes(unit) || !gone(unit)),
    ]),
    ...differences("a value", valuesIn(notes, before.values), touched.values),
    ...(told.reboots === touched.reboots
      ? []
      : [touched.reboots ? "the board rebooted, which was not told" : "the board did not reboot, which was told"]),
  ];
}

/**
 * One step: hands, preview, `up`, and a second `up` that has nothing to do. The snapshots are taken behind the hands' work, behind the
 * first `up` and behind the second.
 */
export async function checkStep(
  stack: PropertyStack,
  { drifts, edits }: Step,
  configuration: Configuration,
): Promise<Verdict> {
  for (const { script } of drifts) await stack.byHand(script);
  const preview = await stack.pass("preview", configuration);
  const before = await stack.snapshot();
  await stack.pass("up", configuration, preview);
  const after = await stack.snapshot();
  const second = await stack.pass("up", configuration);
  const last = await stack.snapshot();
  const left = touchedBetween(after, last);
  return {
    touched: preview.changes.length > 0,
    mismatches: [
      ...compare(preview, before, after),
      ...second.changes.map(({ name, operation }) => `the second up was to ${operation} ${name}`),
      ...[...left.files, ...left.units, ...left.values].map((one) => `the second up touched ${one}`),
    ],
    story: [
      ...drifts.map(({ what }) => `by hand: ${what}`),
      ...edits.map((edit) => `configuration: ${JSON.stringify(edit)}`),
      ...preview.changes.flatMap(({ operation, name, notes }) => [
        `told: ${operation} ${name}`,
        ...notes.map((note) => `  ${note.split("\n").join("\n    ")}`),
      ]),
    ],
  };
}
