import { z } from "zod";

/** The parts of an exported state that matter here; everything else is passed through untouched. */
const deploymentSchema = z.looseObject({
  deployment: z.looseObject({
    resources: z.array(z.looseObject({ urn: z.string() })).nullish(),
    pending_operations: z
      .array(
        z.looseObject({
          type: z.string(),
          resource: z.looseObject({ urn: z.string(), type: z.string(), id: z.string().optional() }),
        }),
      )
      .nullish(),
  }),
});

/** An exported state, as `pulumi stack export` prints it (secrets encrypted). */
export type ExportedState = z.output<typeof deploymentSchema>;

/** A step that a killed run had begun. */
export interface Interrupted {
  readonly urn: string;
  readonly type: string;
  /** The engine's word: `creating`, `updating`, `deleting`. */
  readonly step: string;
}

/** Reads the JSON of `pulumi stack export`. */
export function parseState(json: string): ExportedState {
  return deploymentSchema.parse(JSON.parse(json));
}

/** The steps that a state says were never finished. */
export function interruptedSteps(state: ExportedState): Interrupted[] {
  return (state.deployment.pending_operations ?? []).map(({ type, resource }) => ({
    urn: resource.urn,
    type: resource.type,
    step: type,
  }));
}

/**
 * The state without its unfinished steps, so that the next refresh reads the board instead of asking a person.
 *
 * Updates and deletes: the resource is still listed as it was, the refresh sees how far the step got. Creates: a resource that may or may not be
 * there is listed under the id that `idOf` gives; the refresh drops it when it is not there, and otherwise it is known, so that a
 * `destroy` takes it away and an `up` mends what is half done. Where no id can be told the step is dropped: creating is idempotent.
 *
 * @param idOf - the id that the provider would have given, from the type and the inputs as they stand in the state.
 */
export function settle(
  state: ExportedState,
  idOf: (type: string, inputs: Readonly<Record<string, unknown>>) => string | undefined,
): ExportedState {
  const resources = state.deployment.resources ?? [];
  const known = new Set(resources.map(({ urn }) => urn));
  const adopted = (state.deployment.pending_operations ?? []).flatMap(({ type, resource }) => {
    if (type !== "creating" || known.has(resource.urn)) return [];
    const inputs = (resource.inputs ?? {}) as Record<string, unknown>;
    const id = idOf(resource.type, inputs);
    return id === undefined ? [] : [{ ...resource, id, outputs: inputs }];
  });
  return {
    ...state,
    deployment: { ...state.deployment, resources: [...resources, ...adopted], pending_operations: [] },
  };
}

/**
 * Names of the copies that make room for one more: the oldest, of whatever stack. Each has its stack's name and its time in its own.
 *
 * @param kept - how many there may be, with the new one.
 */
export function outdatedCopies(names: readonly string[], kept: number): string[] {
  const timeOf = (name: string) => /\d{4}-\d\d-\d\dT[\d-]+Z/.exec(name)?.[0] ?? "";
  const oldestFirst = [...names].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  return oldestFirst.slice(0, Math.max(0, names.length - kept + 1));
}
