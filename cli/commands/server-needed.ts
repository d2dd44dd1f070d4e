import { isJoinStack } from "../../stacks/join-config";
import { UsageError } from "../errors";

/**
 * Refuses a stack of agents only, for commands that look at a stack's server.
 *
 * @param values - the stack's configuration, as Pulumi hands it out.
 * @param instead - what to do, as the end of a sentence.
 * @throws UsageError.
 */
export function requireServer(name: string, values: Readonly<Record<string, unknown>>, instead: string): void {
  if (isJoinStack(values))
    throw new UsageError(`stack ${name} has no server, its agents join the cluster of another one (join): ${instead}`);
}
