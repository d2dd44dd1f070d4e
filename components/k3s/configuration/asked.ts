import { flagNamed, knownMinors, minorOf, type Role } from "./flags";
import { flagNameOf } from "./keys";

/** Which k3s is asked. */
export interface AskedProgram {
  readonly role: Role;
  readonly version: string;
}

/**
 * The flags that a k3s is asked for by its own help: what it is started with, without those that it takes and does not list. k3s hides what it
 * has deprecated, now or in a later version.
 *
 * @param keys - of configuration files, with or without the `+` that appends, and names of the command line's flags.
 * @returns names in their order, each once, so that the order of keys makes no difference.
 */
export function askedFlags(keys: Iterable<string>, { role, version }: AskedProgram): string[] {
  const minor = minorOf(version) ?? knownMinors.newest;
  const names = new Set([...keys].map(flagNameOf));
  return [...names].sort().filter((name) => {
    const flag = flagNamed(name);
    if (flag === undefined || (flag.on !== "both" && flag.on !== role)) return true;
    return flag.hidden !== true && minor < (flag.deprecated ?? Infinity);
  });
}
