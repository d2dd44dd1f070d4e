import { hideSecrets } from "../files/hide-secrets";
import type { Difference } from "../resource";
import type { ServiceInputs } from "./schema";

/**
 * What is told before a service of this board comes under the stack: each file that differs line by line, and whether it restarts. What somebody
 * else has written is shown without what sounds like a secret.
 *
 * @param difference - between what is there and what is wanted, `taken` being among its reasons.
 * @param taken - see {@link adoptionReasons}.
 */
export function adoptionNotes(
  name: string,
  { changed, notes = [] }: Difference,
  taken: readonly string[],
): readonly string[] {
  const isSame = changed.length === 0 && taken.length === 0;
  return [
    isSame
      ? `${name}.service is there as it is wanted: it comes under this stack, and nothing restarts`
      : `${name}.service is there and comes under this stack; destroy gives it back as it is now`,
    ...notes.map(hideSecrets),
  ];
}

/**
 * Reasons to restart a service that is there and new to the stack. One that was never ours and has no triggers runs what its files say, as far as
 * anybody can know; one that was ours has a record of the triggers of its last start.
 *
 * @param recorded - checksum of the triggers of the last start of ours; empty where there was none.
 */
export function adoptionReasons(wanted: ServiceInputs, recorded: string, triggers: string): string[] {
  const isKnown = recorded === "" ? Object.keys(wanted.restartTriggers).length === 0 : recorded === triggers;
  return isKnown ? [] : ["it is taken over"];
}
