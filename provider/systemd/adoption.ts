import { hideSecrets } from "../files/hide-secrets";
import type { Difference } from "../resource";
import type { ServiceInputs, ServiceState } from "./schema";

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

/**
 * A service that we have begun to take over and not written yet, as the stack may keep it: texts are others' still, and have no place in the state with
 * what sounds like a secret in them. A text that is as the stack knows it stays, so that nothing differs that is the same.
 */
export function withoutSecretsOfOthers(found: ServiceState, known: ServiceInputs): ServiceState {
  const hide = (text: string, same: string | undefined) => (text === same ? text : hideSecrets(text));
  return {
    ...found,
    ...(found.unit === undefined ? {} : { unit: hide(found.unit, known.unit) }),
    files: found.files.map((file) => ({
      ...file,
      content: hide(file.content, known.files.find(({ path }) => path === file.path)?.content),
    })),
  };
}
