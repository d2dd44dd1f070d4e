import * as pulumi from "@pulumi/pulumi";
import type { BoardConfig } from "../components/board/config";
import { connectionFor, ConnectionProblem } from "../components/board/connection";
import { boardProblems } from "../components/board/facts";
import { mirrorManagerProblems, mirrorProblems } from "../components/board/packages/mirrors";
import { proxyProblems } from "../components/board/proxy/proxy";
import type { K3sConfig } from "../components/k3s/config";
import { configurationConflicts } from "../components/k3s/configuration/conflicts";
import { knownMinors, minorOf, type Role } from "../components/k3s/configuration/flags";
import { type InstalledK3s, installedProblems } from "../components/k3s/installed";
import { unitNames } from "../components/k3s/unit";
import type { WrittenConfiguration } from "../components/k3s/written";
import * as board from "../provider";
import { ConfigError, type ConfigProblem } from "./config";

/** A board of a stack, with what it said of itself. */
export interface CheckedBoard {
  readonly connection: board.ConnectionArgs;
  readonly facts: board.Facts;
}

/** What a board is to run, with the config path of where it comes from. */
export interface WantedNode {
  readonly role: Role;
  readonly version: string;
  readonly source: K3sConfig["source"];
  /** `k3s.source`, or the agent's own. */
  readonly sourcePath: string;
  /** What the stack gives it. */
  readonly written: WrittenConfiguration;
  /** Config path of its keys. */
  readonly section: string;
}

/** A board to ask. */
export interface BoardToCheck {
  readonly board: BoardConfig;
  /** The k3s that it is to run. Defaults to none. */
  readonly node?: WantedNode;
  /** What else speaks against the board, by what it said of itself, each as a sentence. Defaults to nothing. */
  readonly problems?: (facts: board.Facts) => readonly string[];
}

/**
 * Asks all boards of a stack what they are.
 *
 * @param configs - each board's section by its config path: `board`, `agents.worker`.
 * @throws ConfigError where a connection cannot be attempted; Error with every reason why a board cannot take this configuration.
 */
export async function checkedBoards(
  configs: ReadonlyMap<string, BoardToCheck>,
): Promise<ReadonlyMap<string, CheckedBoard>> {
  const boards = await Promise.all(
    connectionsOf(configs).map(async ({ path, config, connection }) => {
      const wanted = installedFor(config);
      const [facts, program] = await Promise.all([
        board.getFacts({ connection }),
        wanted && board.getProgram({ connection, path: wanted.path, unit: wanted.unit }),
      ]);
      const conflicts = config.node === undefined ? noConflicts : conflictsOn(config.node, facts);
      for (const warning of conflicts.warnings) void pulumi.log.warn(`${config.board.host}: ${warning}`);
      const problems = [
        ...boardProblems(config.board, facts, path),
        ...proxyProblems(config.board.proxy, facts.packageManager, path),
        ...mirrorManagerProblems(config.board.packageMirrors, facts.packageManager, path),
        ...(config.problems?.(facts) ?? []),
        ...conflicts.refusals,
        ...(wanted === undefined || program === undefined ? [] : installedProblems(wanted, program, wanted.sourcePath)),
      ];
      return { path, config, problems, checked: { connection, facts } };
    }),
  );
  const refusals = boards.flatMap(({ config, problems }) =>
    problems.length === 0 ? [] : [`${config.board.host} is not a board for this stack:\n  ${problems.join("\n  ")}`],
  );
  if (refusals.length > 0) throw new Error(refusals.join("\n"));
  return new Map(boards.map(({ path, checked }) => [path, checked]));
}

const noConflicts = { warnings: [], refusals: [] };

/** What the board's own files do to the configuration of its k3s. */
function conflictsOn({ role, version, written, section }: WantedNode, { k3sFiles, k3sEnvironment }: board.Facts) {
  const environment = k3sEnvironment[unitNames[role]];
  return configurationConflicts({
    ...written,
    minor: minorOf(version) ?? knownMinors.newest,
    role,
    theirs: k3sFiles,
    section,
    ...(environment === undefined ? {} : { environment }),
  });
}

/** What to look for where k3s is on the board already. */
function installedFor({
  board: { arch },
  node,
}: BoardToCheck): (InstalledK3s & Pick<WantedNode, "sourcePath">) | undefined {
  if (node === undefined || !("installed" in node.source)) return undefined;
  const { source, role, version, sourcePath } = node;
  return { path: source.installed, unit: unitNames[role], version, arch, sourcePath };
}

function connectionsOf(configs: ReadonlyMap<string, BoardToCheck>) {
  const problems: ConfigProblem[] = [];
  const connections = [...configs].flatMap(([path, config]) => {
    for (const { path: below, reason } of mirrorProblems(config.board.packageMirrors))
      problems.push({ path: `${path}.packageMirrors.${below}`, reason });
    try {
      return [{ path, config, connection: connectionFor(config.board, path) }];
    } catch (error) {
      if (!(error instanceof ConnectionProblem)) throw error;
      problems.push(error);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return connections;
}
