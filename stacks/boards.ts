import type { BoardConfig } from "../components/board/config";
import { connectionFor, ConnectionProblem } from "../components/board/connection";
import { boardProblems } from "../components/board/facts";
import { mirrorManagerProblems, mirrorProblems } from "../components/board/packages/mirrors";
import { proxyProblems } from "../components/board/proxy/proxy";
import * as board from "../provider";
import { ConfigError, type ConfigProblem } from "./config";

/** A board of a stack, with what it said of itself. */
export interface CheckedBoard {
  readonly connection: board.ConnectionArgs;
  readonly facts: board.Facts;
}

/**
 * Asks all boards of a stack what they are.
 *
 * @param configs - each board's section by its config path: `board`, `agents.worker`.
 * @throws ConfigError where a connection cannot be attempted; Error with every reason why a board cannot take this configuration.
 */
export async function checkedBoards(
  configs: ReadonlyMap<string, BoardConfig>,
): Promise<ReadonlyMap<string, CheckedBoard>> {
  const boards = await Promise.all(
    connectionsOf(configs).map(async ({ path, config, connection }) => {
      const facts = await board.getFacts({ connection });
      return { path, config, checked: { connection, facts } };
    }),
  );
  const refusals = boards.flatMap(({ path, config, checked }) => {
    const { facts } = checked;
    const problems = [
      ...boardProblems(config, facts, path),
      ...proxyProblems(config.proxy, facts.packageManager, path),
      ...mirrorManagerProblems(config.packageMirrors, facts.packageManager, path),
    ];
    return problems.length === 0 ? [] : [`${config.host} is not a board for this stack:\n  ${problems.join("\n  ")}`];
  });
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
  return new Map(boards.map(({ path, checked }) => [path, checked]));
}

function connectionsOf(configs: ReadonlyMap<string, BoardConfig>) {
  const problems: ConfigProblem[] = [];
  const connections = [...configs].flatMap(([path, config]) => {
    for (const { path: below, reason } of mirrorProblems(config.packageMirrors))
      problems.push({ path: `${path}.packageMirrors.${below}`, reason });
    try {
      return [{ path, config, connection: connectionFor(config, path) }];
    } catch (error) {
      if (!(error instanceof ConnectionProblem)) throw error;
      problems.push(error);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return connections;
}
