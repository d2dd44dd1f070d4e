import { type Effective, effectiveConfiguration, type Setting } from "./effective";
import { flagNamed, flagOfAlias, type K3sFlag, type Role } from "./flags";
import { startProblems } from "./rules";
import {
  type ConfigFile,
  configPath,
  defaultConfigPath,
  fileOccurrences,
  filesInOrder,
  type Occurrence,
  type Origin,
  originText,
  UnreadableConfig,
} from "./sources";

/** What a stack gives k3s on a board, and what the board has besides. */
export interface ConflictArgs {
  /** Minor version of k3s: 36 of v1.36.3+k3s1. */
  readonly minor: number;
  readonly role: Role;
  /** Files that the stack writes. */
  readonly ours: readonly ConfigFile[];
  /** Flags that the stack puts on the command line. */
  readonly args: readonly string[];
  /** Files of the board's own. */
  readonly theirs: readonly ConfigFile[];
  /** What the board's environment files give k3s. Defaults to nothing. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Config path of the stack's own keys: `k3s.config`. */
  readonly section: string;
}

/** Sentences about keys that are in two places, each with file and line. */
export interface Conflicts {
  /** What keeps the stack's configuration from being what it says. */
  readonly refusals: readonly string[];
  /** What the board's own files say to no effect, or besides. */
  readonly warnings: readonly string[];
}

/** Settings that the stack has made up its mind about, with the key that is for it. */
const decidedElsewhere: Readonly<Record<string, string>> = {
  disable: "k3s.disable",
  "no-deploy": "k3s.disable",
  "private-registry": "registry",
  "system-default-registry": "delivery",
};

/** Settings that the stack reads where it looks for k3s's files, addresses and names. */
const countedOn: ReadonlySet<string> = new Set([
  ...["data-dir", "write-kubeconfig", "datastore-endpoint", "https-listen-port", "disable-agent", "with-node-id"],
  ...["cluster-cidr", "service-cidr", "cluster-dns", "cluster-domain", "node-ip", "node-name"],
  ...["docker", "container-runtime-endpoint"],
]);

/** What the board's own files of k3s do to a stack's configuration, by k3s's rules: the last file wins, a list has the values of the command line too. */
export function configurationConflicts(given: ConflictArgs): Conflicts {
  const { environment = {}, section } = given;
  const configFile = configPath([], environment);
  if (configFile !== defaultConfigPath) {
    const reason = `the environment of k3s names ${configFile} as K3S_CONFIG_FILE: k3s does not read what the stack writes to ${defaultConfigPath}.d. Take it out of the environment file`;
    return { refusals: [`${section}: ${reason}`], warnings: [] };
  }
  const refusals: string[] = [];
  const theirs = filesInOrder(defaultConfigPath, given.theirs).filter((file) => {
    try {
      fileOccurrences(file);
      return true;
    } catch (error) {
      if (!(error instanceof UnreadableConfig)) throw error;
      refusals.push(error.message);
      return false;
    }
  });
  const alone = effective(given, given.ours);
  const together = effective(given, [...given.ours, ...theirs], environment);
  refusals.push(...ofEnvironment(alone, together, section), ...startRefusals(given, alone, together));
  const found = theirs.flatMap(fileOccurrences);
  const flags = new Set(found.flatMap(({ name }) => flagNamed(name) ?? flagOfAlias(name) ?? []));
  const warnings: string[] = [];
  for (const flag of flags) {
    const of = found.filter(({ name }) => (flagNamed(name) ?? flagOfAlias(name)) === flag);
    const verdict = judge(flag, of, {
      before: alone.settings.get(flag.name),
      after: together.settings.get(flag.name),
      section,
    });
    if (verdict !== undefined) (verdict.refused ? refusals : warnings).push(verdict.reason);
  }
  const unknown = together.unknown.filter(({ from }) =>
    theirs.some((file) => from.kind === "file" && from.path === file.path),
  );
  return { refusals, warnings: [...warnings, ...unknown.map((one) => unknownText(one, given))] };
}

function effective(
  { minor, role, args }: ConflictArgs,
  files: readonly ConfigFile[],
  environment: Readonly<Record<string, string>> = {},
): Effective {
  return effectiveConfiguration({ minor, role, args, files, environment });
}

/** What k3s would not start with, and what the stack says is not to blame for. The words for the stack's own keys quote values, which are not shown here. */
function startRefusals({ minor, role }: ConflictArgs, alone: Effective, together: Effective): string[] {
  const known = new Set(startProblems(alone, minor, role).map(({ key, reason }) => `${key} ${reason}`));
  return startProblems(together, minor, role).flatMap(({ key, reason }) => {
    if (known.has(`${key} ${reason}`)) return [];
    const { values = [], from = [] } = together.settings.get(key) ?? {};
    const isQuoted = values.some((value) => reason.includes(value));
    const where = from.map(originText).join(", ");
    return [`${where}: ${key}: ${isQuoted ? `k3s 1.${minor} does not start with this value` : reason}`];
  });
}

/** What comes from the environment, because no file and no argument says something else, and is another value than the stack goes by. */
function ofEnvironment(alone: Effective, together: Effective, section: string): string[] {
  return [...together.settings.values()].flatMap((after) => {
    const [from] = after.from;
    if (from?.kind !== "environment" || sameValues(alone.settings.get(after.flag.name), after)) return [];
    return notForOthers(after.flag.name, originText(from), section) ?? [];
  });
}

/** Why a flag may not be set beside the stack; `undefined` for one that the stack does not care about. */
function notForOthers(name: string, where: string, section: string): string | undefined {
  const own = decidedElsewhere[name];
  if (own !== undefined) return `${where}: ${name} is decided by the stack: take it out there and use ${own}`;
  return countedOn.has(name)
    ? `${where}: ${name} is something that the stack counts on: move it to ${section}.${name}`
    : undefined;
}

/** A setting without and with the board's own files. */
interface Change {
  readonly before: Setting | undefined;
  readonly after: Setting | undefined;
  readonly section: string;
}

/** What to say of a flag that the board's own files have. */
function judge(
  flag: K3sFlag,
  theirs: readonly Occurrence[],
  { before, after, section }: Change,
): { readonly refused: boolean; readonly reason: string } | undefined {
  const { name } = flag;
  const isOurs = before !== undefined && before.from.some(({ kind }) => kind === "file" || kind === "argument");
  const takes = (origin: Origin) => after?.from.some((one) => isSame(one, origin)) === true;
  const effective = theirs.filter(({ from }) => takes(from));
  const where = originText((effective.at(-1) ?? theirs.at(-1))?.from ?? { kind: "default" });
  if (effective.length === 0)
    return isOurs
      ? { refused: false, reason: `${where}: ${name} has no effect: the stack sets it too, and k3s takes that` }
      : undefined;
  const own = decidedElsewhere[name];
  const differs = !sameValues(before, after);
  if (isOurs && before?.from.some((origin) => !takes(origin)))
    return differs
      ? {
          refused: true,
          reason: `${where}: ${name} takes the place of what the stack sets (${own ?? `${section}.${name}`}): k3s reads that file later. Have it in one place`,
        }
      : { refused: false, reason: `${where}: ${name} is what the stack sets too. Have it in one place` };
  if (!differs) return undefined;
  const refusal = notForOthers(name, where, section);
  if (refusal !== undefined) return { refused: true, reason: refusal };
  return isOurs
    ? { refused: false, reason: `${where}: ${name} adds to the list that the stack sets (${section}.${name})` }
    : undefined;
}

function isSame(a: Origin, b: Origin): boolean {
  return a.kind === "file" && b.kind === "file" ? a.path === b.path && a.line === b.line : a.kind === b.kind;
}

/** A boolean that is not set is false, and a list that has a value twice is the one that has it once. */
function sameValues(before: Setting | undefined, after: Setting | undefined): boolean {
  const values = (setting: Setting | undefined) => {
    const all = setting?.values ?? [];
    if (setting?.flag.kind === "boolean") return all.filter((value) => value !== "false");
    return setting?.flag.kind === "list" ? [...new Set(all)] : all;
  };
  return JSON.stringify(values(before)) === JSON.stringify(values(after));
}

function unknownText({ name, from }: Occurrence, { minor, role }: ConflictArgs): string {
  const effect =
    role === "agent" ? "an agent that does not know it does not start" : "a server that does not know it skips it";
  return `${originText(from)}: k3s 1.${minor} is not known to have a flag --${name}: ${effect}`;
}
