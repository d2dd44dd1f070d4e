import { z } from "zod";
import { originals } from "../files/originals";
import { lastLines } from "../files/write";
import { skewProblem } from "../kubernetes/version-skew";
import { PartialFailure, type ResourceType } from "../resource";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { stateDirectory } from "../ssh/file-questions";
import { quote } from "../ssh/shell";
import { isUnknown } from "../unknowns";
import { kubernetesVersion } from "./package-version";

const inputs = z.strictObject({
  connection: connectionArgs,
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9+._-]*$/, "must be the name of a package"),
  version: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9+.:~^_-]*$/, "must be a version as the package manager writes it")
    .optional(),
  /** Which versions may follow one another, as of a service's program. */
  upgrade: z.strictObject({ kind: z.literal("kubernetes"), allowDowngrade: z.boolean() }).optional(),
});

type Inputs = z.output<typeof inputs>;

interface State extends Inputs {
  readonly installedVersion: string;
  /** False where the package was there before: then deleting the resource leaves it. */
  readonly installedByUs: boolean;
}

/** Seconds for an installation: a slow board on a slow link. */
const timeoutSeconds = 1800;

/** Prints the installed version; nothing where the package is not installed. Fails where that cannot be read: a damaged list is no list without it. */
export function queryFragment(name: string): string {
  return `if command -v apt-get >/dev/null; then
  s=$(dpkg-query -W -f '\${db:Status-Abbrev}\${Version}\\n' ${quote(name)} 2>/dev/null) || [ $? -eq 1 ] || { dpkg-query -W ${quote(name)} >&2; exit 6; }
  printf '%s\\n' "$s" | sed -n 's/^.i *//p'
elif command -v dnf >/dev/null; then rpm -q --qf '%{EVR}\\n' ${quote(name)} 2>/dev/null | grep -v 'is not installed'
else echo 'neither apt-get nor dnf is here' >&2; exit 5; fi; :`;
}

/**
 * Whether an installed version is the one that is asked for. dnf takes a version without its epoch or its release (`1.36.3` for `1:1.36.3-1.fc43`),
 * and apt none without them.
 */
export function isVersion(installed: string, asked: string): boolean {
  const version = asked.includes(":") ? installed : installed.replace(/^\d+:/, "");
  return version === asked || version.startsWith(`${asked}-`);
}

/** Whether nothing is to be done where that version is installed, or none is. */
function isRight({ version }: Inputs, installed: string | undefined): boolean {
  return installed !== undefined && (version === undefined || isVersion(installed, version));
}

/** What becomes of a package of which that version is installed, or none. */
function packageNotes(wanted: Inputs, installed: string | undefined): string[] {
  const { name, version } = wanted;
  if (isRight(wanted, installed)) return [];
  if (isUnknown(version)) return [`package ${name} may change: its version is known after other resources are updated`];
  if (installed !== undefined) return [`package ${name} goes from ${installed} to ${version}`];
  return [`package ${name} is installed${version === undefined ? "" : ` in version ${version}`}`];
}

/** Why the package may not go from the installed version to the one that is asked for; versions that cannot be read may. */
function upgradeProblem({ name, version = "", upgrade }: Inputs, installed = ""): string | undefined {
  const [from, to] = [kubernetesVersion(installed), kubernetesVersion(version)];
  if (upgrade === undefined || from === undefined || to === undefined) return undefined;
  // it changes outside of the service's transaction, which makes the copies
  const problem = skewProblem(from, to, { ...upgrade, hasCopies: false });
  return problem === undefined ? undefined : `package ${name} stays as it is: ${problem}`;
}

/** @throws BoardError where the version that the board has may not be followed by the one that is asked for. */
function refuseUpgrade(board: Board, wanted: Inputs, installed: string | undefined): void {
  const problem = upgradeProblem(wanted, installed);
  if (problem !== undefined) throw new BoardError("refused", board.label, problem);
}

/** `board:index:Package`: a package of the board's distribution, by apt or dnf. */
export const distributionPackage: ResourceType<Inputs, State> = {
  token: "board:index:Package",
  inputs,
  secretOutputs: [],
  ignored: ["upgrade"],

  diff(state, wanted) {
    const isSame = state.name === wanted.name;
    const installed = state.installedVersion || undefined;
    const refusal = upgradeProblem(wanted, installed);
    return {
      changed: isRight(wanted, installed) ? [] : ["version"],
      replaces: isSame ? [] : ["name"],
      // what is there of another package is on the board
      notes: isSame ? packageNotes(wanted, installed) : [],
      ...(refusal === undefined ? {} : { refusal }),
    };
  },

  async announce(context, wanted) {
    if (isUnknown(wanted.name)) return [];
    const board = await context.board(wanted.connection);
    const installed = await installedVersion(board, wanted.name);
    refuseUpgrade(board, wanted, installed);
    return packageNotes(wanted, installed);
  },

  removal: ({ name, installedByUs }) => (installedByUs ? [`package ${name} is removed`] : []),

  async create(context, wanted) {
    const board = await context.board(wanted.connection);
    const before = await installedVersion(board, wanted.name);
    refuseUpgrade(board, wanted, before);
    const ours = before === undefined || (await isMarked(board, wanted.name));
    try {
      if (!isRight(wanted, before)) await install(board, wanted, before === undefined);
      return { id: wanted.name, state: await stateOf(board, wanted, ours) };
    } catch (error) {
      // Only a board that answers has said how it ended; the package manager goes on without us.
      if (!(error instanceof BoardError) || error.trouble === "refused") throw error;
      throw new PartialFailure(
        wanted.name,
        { ...wanted, installedVersion: before ?? "", installedByUs: ours } satisfies State,
        error,
      );
    }
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const { connection, name, version } = state;
    const [installed = "", isOurs] = await Promise.all([installedVersion(board, name), isMarked(board, name)]);
    // one of ours that was removed by hand is still to be known: its mark goes with it
    if (installed === "" && !isOurs) return undefined;
    // of a create that was killed only the inputs are known
    const { installedByUs = isOurs } = state as Partial<State>;
    const isAsked = installed !== "" && (version === undefined || isVersion(installed, version));
    const seen = isAsked ? version : installed;
    const found = { connection, name, ...(seen === undefined ? {} : { version: seen }) };
    return { state: { ...found, installedVersion: installed, installedByUs }, inputs: found };
  },

  async update(context, _id, old, wanted) {
    const board = await context.board(wanted.connection);
    // somebody else may have changed it since the preview
    if (wanted.upgrade !== undefined) refuseUpgrade(board, wanted, await installedVersion(board, wanted.name));
    await install(board, wanted, false);
    return stateOf(board, wanted, old.installedByUs);
  },

  async delete(context, _id, state) {
    if (!state.installedByUs) return;
    const name = quote(state.name);
    const board = await context.board(state.connection);
    await manage(board, `removing package ${state.name}`, {
      apt: `v=$(${queryFragment(state.name)}) || exit; [ -z "$v" ] || apt-get -qy -o DPkg::Lock::Timeout=300 purge ${name}`,
      dnf: `v=$(${queryFragment(state.name)}) || exit; [ -z "$v" ] || dnf -qy remove ${name}`,
    });
    await forget(board, state.name);
  },
};

/** Files that say which packages were not there before us; written before the installation, so that a killed one is recognised. */
const markers = `${stateDirectory}/packages`;

function markerOf(name: string): string {
  return `${markers}/${quote(name)}`;
}

async function isMarked(board: Board, name: string): Promise<boolean> {
  return (await board.file(`${markers}/${name}`)).kind === "file";
}

async function forget(board: Board, name: string): Promise<void> {
  const script = `${originals}\n[ -d $state ] || exit 0; lock; rm -f ${markerOf(name)}; rmdir ${markers} 2>/dev/null; tidy`;
  await board.run(script, { purpose: `forgetting package ${name}` });
}

async function install(board: Board, wanted: Inputs, first: boolean): Promise<void> {
  try {
    await tryToInstall(board, wanted, first);
  } catch (error) {
    // A version that is on no offer leaves nothing behind; whether one that was interrupted does, the next run sees.
    if (
      first &&
      error instanceof BoardError &&
      !error.outcomeUnknown &&
      (await installedVersion(board, wanted.name)) === undefined
    )
      await forget(board, wanted.name);
    throw error;
  }
}

async function tryToInstall(board: Board, { name, version }: Inputs, first: boolean): Promise<void> {
  if (first) {
    const mark = `umask 077; mkdir -p ${markers} && chmod 700 ${stateDirectory} && : >${markerOf(name)} && sync -- ${markers}`;
    const { code, stderr } = await board.run(mark, { purpose: `noting package ${name}` });
    if (code !== 0)
      throw new BoardError("refused", board.label, `package ${name} was not installed: ${lastLines(stderr)}`);
  }
  const apt = quote(version === undefined ? name : `${name}=${version}`);
  const dnf = quote(version === undefined ? name : `${name}-${version}`);
  const options = "-qy -o DPkg::Lock::Timeout=300 --no-install-recommends --allow-downgrades";
  await manage(board, `installing package ${name}`, {
    apt: `apt-get ${options} install ${apt} || { apt-get -q -o DPkg::Lock::Timeout=300 update && apt-get ${options} install ${apt}; }`,
    // Lists of packages are kept for two days: a version that they do not have may be there since.
    dnf: `{ dnf -qy install ${dnf} || dnf -qy --refresh install ${dnf}; }${version === undefined ? "" : ` && case "$(${queryFragment(name)})" in ${dnfPatterns(version)}) ;; *) dnf -qy downgrade ${dnf} ;; esac`}`,
  });
}

/** What {@link isVersion} finds right, as patterns of a shell. */
function dnfPatterns(version: string): string {
  const patterns = [quote(version), `${quote(version)}-*`];
  return (version.includes(":") ? patterns : [...patterns, ...patterns.map((one) => `[0-9]*:${one}`)]).join(" | ");
}

async function manage(board: Board, purpose: string, commands: { apt: string; dnf: string }): Promise<void> {
  const script = `export DEBIAN_FRONTEND=noninteractive
if command -v apt-get >/dev/null; then ${commands.apt}
elif command -v dnf >/dev/null; then ${commands.dnf}
else echo 'neither apt-get nor dnf is here' >&2; exit 5; fi </dev/null`;
  const result = await board.run(script, { purpose, timeoutSeconds });
  if (result.code !== 0)
    throw new BoardError("refused", board.label, `${purpose} failed: ${lastLines(result.stderr, 5)}`);
}

async function installedVersion(board: Board, name: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await board.ask(`package ${name}`, queryFragment(name));
  if (code !== 0)
    throw new BoardError("refused", board.label, `package ${name} cannot be looked up: ${lastLines(stderr)}`);
  return stdout.trim() || undefined;
}

async function stateOf(board: Board, wanted: Inputs, installedByUs: boolean): Promise<State> {
  const installed = await installedVersion(board, wanted.name);
  if (installed === undefined) {
    throw new BoardError(
      "refused",
      board.label,
      `package ${wanted.name} is not there although it was installed without an error`,
    );
  }
  return { ...wanted, installedVersion: installed, installedByUs };
}
