import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { z } from "zod";
import { PartialFailure, type Context, type Difference, type Problem, type ResourceType } from "../resource";
import type { Board, FileOnBoard } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { sha256OfFile } from "../../tools/digest";
import { expandHome } from "../local-paths";
import { messageOf } from "../ssh/login";
import { goesNote } from "../touches";
import { isUnknown } from "../unknowns";
import { absolutePath, accountName, fileMode } from "./schema";
import { hideSecrets } from "./hide-secrets";
import { lineDiff } from "./line-diff";
import { isRecorded } from "./recorded";
import { removeFile, setAttributes, writeFile, type Bytes, type WantedFile } from "./write";

const inputs = z.strictObject({
  connection: connectionArgs,
  path: absolutePath,
  content: z.string().optional(),
  source: z.string().min(1).optional(),
  sha256: z.string().optional(),
  mode: fileMode.default("0644"),
  owner: accountName.default("root"),
  group: accountName.default("root"),
});

type Inputs = z.output<typeof inputs>;

/** Contents up to this many bytes are compared as text. */
const textLimit = 256 * 1024;
/** Bigger files are looked at before they are sent: they may be there from an interrupted run. */
const worthLooking = 1024 * 1024;

/** `board:index:File`. State and inputs have the same properties; `sha256` is filled in by `check`, so that a preview knows it. */
export const file: ResourceType<Inputs, Inputs> = {
  token: "board:index:File",
  inputs,
  secretOutputs: [],
  derived: { sha256: ["content"] },
  ignored: ["source"],

  async check(wanted) {
    const problems: Problem[] = [];
    if ((wanted.content === undefined) === (wanted.source === undefined)) {
      problems.push({ property: "content", reason: "give either content or source" });
      return { inputs: wanted, problems };
    }
    let sha256: string;
    try {
      sha256 = wanted.content === undefined ? await sourceHash(wanted.source ?? "") : hash(wanted.content);
    } catch (error) {
      return {
        inputs: wanted,
        problems: [{ property: "source", reason: `${wanted.source} cannot be read (${messageOf(error)})` }],
      };
    }
    if (wanted.sha256 !== undefined && wanted.sha256.toLowerCase() !== sha256) {
      problems.push({ property: "sha256", reason: `expected ${wanted.sha256}, the file has ${sha256}` });
    }
    return { inputs: { ...wanted, sha256 }, problems };
  },

  diff(state, wanted, isSecret, wasSecret): Difference {
    const changed = (["mode", "owner", "group"] as const).filter((property) => state[property] !== wanted[property]);
    const content = contentChanges(state, wanted);
    const isHidden = isSecret("content") || wasSecret?.("content") === true;
    return {
      changed: content ? [...changed, wanted.content === undefined ? "sha256" : "content"] : changed,
      replaces: state.path === wanted.path ? [] : ["path"],
      notes: state.path === wanted.path ? fileNotes(state, wanted, isHidden) : [],
    };
  },

  async announce(context, wanted, isSecret) {
    if (isUnknown(wanted.path)) return [];
    const there = await lookAt(await context.board(wanted.connection), wanted);
    const notes = fileNotes(there, wanted, isSecret("content"));
    return there === undefined ? notes : notes.map(hideSecrets);
  },

  removal: ({ path }) => [goesNote(path)],

  async create(context, wanted) {
    await put(context, wanted);
    return { id: wanted.path, state: wanted };
  },

  async read(context, _id, state) {
    const board = await context.board(state.connection);
    const there = await lookAt(board, state);
    const found = there ?? ((await isRecorded(board, [state.path])) ? withoutContent(state) : undefined);
    return found && { state: found, inputs: found };
  },

  async update(context, _id, old, wanted) {
    if (contentChanges(old, wanted)) await put(context, wanted);
    else await setAttributes(await context.board(wanted.connection), wanted);
    return wanted;
  },

  async delete(context, _id, state) {
    await removeFile(await context.board(state.connection), state.path);
  },
};

async function put(context: Context, wanted: Inputs): Promise<void> {
  const board = await context.board(wanted.connection);
  const { goal, bytes } = await payloadOf(wanted);
  if (goal.size > worthLooking) {
    const there = await board.file(wanted.path, { contentLimit: 0 });
    if (there.kind === "file" && there.sha256 === goal.sha256) return setAttributes(board, goal);
  }
  try {
    await writeFile(board, goal, bytes);
  } catch (error) {
    if (error instanceof BoardError && error.outcomeUnknown) throw new PartialFailure(wanted.path, wanted, error);
    throw error;
  }
}

async function payloadOf(wanted: Inputs): Promise<{ goal: WantedFile; bytes: Bytes }> {
  const { path, mode, owner, group } = wanted;
  if (wanted.content !== undefined) {
    const content = Buffer.from(wanted.content);
    return {
      goal: { path, mode, owner, group, size: content.length, sha256: hash(wanted.content) },
      bytes: { kind: "content", content },
    };
  }
  const source = expandHome(wanted.source ?? "");
  const [{ size }, sha256] = await Promise.all([stat(source), sourceHash(source)]);
  return { goal: { path, mode, owner, group, size, sha256 }, bytes: { kind: "source", path: source } };
}

/** What is at the path, as inputs would describe it; `undefined` where nothing is. */
async function lookAt(board: Board, like: Inputs): Promise<Inputs | undefined> {
  const there = await board.file(like.path, { contentLimit: like.content === undefined ? 0 : textLimit });
  return there.kind === "absent" ? undefined : describe(like, there);
}

/** Stands for the content, or the checksum, of a file that is not there. */
const nothing = "<nothing>";

/** A file of ours that is not there, and is to be known: what was at its path before us is still to come back. */
function withoutContent(state: Inputs): Inputs {
  return { ...state, sha256: nothing, ...(state.content === undefined ? {} : { content: nothing }) };
}

/** The inputs that would describe what is on the board; an owner given as a number stays one. */
function describe(state: Inputs, there: Exclude<FileOnBoard, { kind: "absent" }>): Inputs {
  if (there.kind !== "file") {
    const what = there.kind === "symlink" ? `<symbolic link to ${there.target}>` : `<${there.kind}>`;
    return { ...state, sha256: what, ...(state.content === undefined ? {} : { content: what }) };
  }
  const owner = state.owner === String(there.uid) ? state.owner : there.owner;
  const group = state.group === String(there.gid) ? state.group : there.group;
  const found = { ...state, sha256: there.sha256, mode: there.mode, owner, group };
  return state.content === undefined ? found : { ...found, content: textOf(there) };
}

/** A file's content where it is text, else a description of it, which as well differs from what is wanted. */
export function textOf({ content, size, sha256 }: { content?: Buffer; size: number; sha256: string }): string {
  const text = content?.toString("utf8");
  if (content === undefined || text === undefined || !Buffer.from(text).equals(content))
    return `<${size} bytes, sha256 ${sha256}>`;
  return text;
}

function contentChanges(state: Inputs, wanted: Inputs): boolean {
  if (wanted.content !== undefined && state.content !== undefined) return state.content !== wanted.content;
  return state.sha256 !== wanted.sha256;
}

function fileNotes(seen: Inputs | undefined, wanted: Inputs, isHidden: boolean): string[] {
  const { path, mode, owner, group } = wanted;
  const there = (seen?.content ?? seen?.sha256) === nothing ? undefined : seen;
  if (isUnknown(wanted.content) || isUnknown(wanted.sha256))
    return [`${path} may change: its content is known after other resources are updated`];
  if (there !== undefined && !contentChanges(there, wanted)) {
    const same = there.mode === mode && there.owner === owner && there.group === group;
    return same ? [] : [`${path} gets mode ${mode} and owner ${owner}:${group}`];
  }
  const what = there === undefined ? "is new" : "changes";
  if (isHidden) return [`${path} ${what}; its content is secret`];
  if (wanted.content !== undefined && (there === undefined || there.content !== undefined))
    return [`${path} ${what}:\n${lineDiff(there?.content ?? "", wanted.content).join("\n")}`];
  const short = (sha256 = "") => `sha256 ${sha256.slice(0, 12)}…`;
  return [
    there === undefined
      ? `${path} is new: ${short(wanted.sha256)}`
      : `${path} changes: ${short(there.sha256)} becomes ${short(wanted.sha256)}`,
  ];
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function sourceHash(source: string): Promise<string> {
  return sha256OfFile(expandHome(source));
}
