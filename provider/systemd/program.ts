import { stat } from "node:fs/promises";
import { lastLines, packs, payload, remedyFor, timeoutFor, type WantedFile } from "../files/write";
import { temporaryOf } from "../files/originals";
import { sha256OfFile } from "../../tools/digest";
import { expandHome } from "../local-paths";
import { skewProblem } from "../kubernetes/version-skew";
import type { Problem } from "../resource";
import type { Board, FileOnBoard } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { messageOf } from "../ssh/login";
import { absentMode } from "./changes";
import { stageScript, unstageScript } from "./program-script";
import { isVersion, versionIn } from "./program-version";
import type { ServiceProgram } from "./schema";

/** Fills in the checksum of the local file, so that a preview knows it. */
export async function checkProgram(
  program: ServiceProgram,
): Promise<{ program: ServiceProgram; problems: readonly Problem[] }> {
  const { source, sha256: expected } = program;
  try {
    const sha256 = await sha256OfFile(expandHome(source));
    if (expected !== undefined && expected.toLowerCase() !== sha256)
      return {
        program,
        problems: [{ property: "program.sha256", reason: `expected ${expected}, ${source} has ${sha256}` }],
      };
    return { program: { ...program, sha256 }, problems: [] };
  } catch (error) {
    return {
      program,
      problems: [{ property: "program.source", reason: `${source} cannot be read (${messageOf(error)})` }],
    };
  }
}

/** The program as a file to be written. */
export async function wantedProgram({ source, path, mode, owner, group }: ServiceProgram): Promise<WantedFile> {
  const local = expandHome(source);
  const [{ size }, sha256] = await Promise.all([stat(local), sha256OfFile(local)]);
  return { path, mode, owner, group, size, sha256 };
}

/**
 * The program that is on the board, as the inputs would describe it.
 *
 * @param known - the one that the last confirmed start had: whoever has its checksum has its version.
 */
export function describeProgram(
  wanted: ServiceProgram,
  there: FileOnBoard,
  known: { readonly sha256: string; readonly version?: string } | undefined,
): ServiceProgram {
  const { version: _version, ...rest } = wanted;
  if (there.kind === "absent") return { ...rest, sha256: "", mode: absentMode };
  if (there.kind !== "file") return { ...rest, sha256: `<${there.kind}${there.target ? ` to ${there.target}` : ""}>` };
  return {
    ...rest,
    sha256: there.sha256,
    mode: there.mode,
    owner: wanted.owner === String(there.uid) ? wanted.owner : there.owner,
    group: wanted.group === String(there.gid) ? wanted.group : there.group,
    ...(known?.version !== undefined && known.sha256 === there.sha256 ? { version: known.version } : {}),
  };
}

/**
 * Puts the program beside its place on the board and tries it there. A transfer that was interrupted after the last byte is not repeated.
 *
 * @returns version of the program that is there, where one is and says it.
 * @throws BoardError when it cannot be written, does not run, or is of another version than the configured one. Nothing has changed then.
 */
export async function stageProgram(
  board: Board,
  program: ServiceProgram,
  goal: WantedFile,
): Promise<string | undefined> {
  const staged = await board.file(temporaryOf(goal.path), { contentLimit: 0 });
  const bytes = { kind: "source", path: expandHome(program.source) } as const;
  const isThere = staged.kind === "file" && staged.sha256 === goal.sha256;
  const packed = !isThere && (await packs(bytes));
  const script = stageScript(goal, isThere ? "staged" : packed ? "packed" : "plain", program.version !== undefined);
  const result = await board.run(script, {
    purpose: `staging ${goal.path}`,
    timeoutSeconds: timeoutFor(goal.size),
    ...(isThere ? {} : { stdin: payload(bytes, packed) }),
  });
  if (result.code !== 0) {
    const why = `${goal.path} was not replaced: ${lastLines(result.stderr)}`;
    throw new BoardError("refused", board.label, why, remedyFor(result.stderr) ?? "Everything is as it was before");
  }
  if (program.version === undefined) return undefined;
  const said = /^staged=(.*)$/m.exec(result.stdout)?.[1] ?? "";
  const before = versionIn(/^there=(.*)$/m.exec(result.stdout)?.[1] ?? "");
  const problem = versionProblem(program, said) ?? upgradeProblem(program, before);
  if (problem !== undefined) await refuseStaged(board, program, problem);
  return before;
}

/**
 * Takes a staged program away again and throws.
 *
 * @param remedy - what the reader can do, where the problem does not say it.
 */
export async function refuseStaged(
  board: Board,
  { path }: ServiceProgram,
  problem: string,
  remedy?: string,
): Promise<never> {
  await board.run(unstageScript(path), { purpose: `removing what was staged of ${path}` });
  throw new BoardError("refused", board.label, `${path} was not replaced: ${problem}`, remedy);
}

/** Why the staged program is not the configured one. */
function versionProblem({ version = "", source }: ServiceProgram, said: string): string | undefined {
  const found = versionIn(said);
  if (found !== undefined && isVersion(found, version)) return undefined;
  const is = found ?? `of no version that it would tell ("${said.slice(0, 100)}")`;
  return `${source} is ${is}, and ${version} is configured. Give the version that it is, or the program of that version`;
}

/** Why the program may not follow the one of that version. */
export function upgradeProblem({ version, upgrade }: ServiceProgram, before: string | undefined): string | undefined {
  if (upgrade === undefined || version === undefined || before === undefined) return undefined;
  return skewProblem(before, version, upgrade);
}
