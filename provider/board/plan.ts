import { hideSecrets } from "../files/hide-secrets";
import { lineDiff } from "../files/line-diff";
import { type Changes, keysOf, pick, type Seen, type SettingKind, type Texts, type Values } from "./kind";

/** What is to be done to get from what was seen to what is wanted. */
export interface Plan extends Changes {
  /** Why the board cannot have it. */
  readonly refusal: string | undefined;
  /** Whether there is anything to do. */
  readonly isEmpty: boolean;
  /** Each file, value and reason for a boot, as sentences for a preview. */
  readonly notes: readonly string[];
}

/**
 * Compares what was seen with what is wanted.
 *
 * @param ours - the values that we had set until now; none for a setting that is new.
 */
export function planSetting(kind: SettingKind, wanted: Values, ours: Values, seen: Seen): Plan {
  const dropped = Object.keys(ours).filter((key) => !(key in wanted));
  const running = kind.running(keysOf(wanted, ours), seen);
  const isEverything = Object.keys(wanted).length === 0;
  const wish = isEverything ? undo(kind, ours, seen) : kind.edit(wanted, ours, seen);
  const refusal = kind.refusal?.(wanted, seen) ?? unreadable(Object.keys(wish), seen);
  const edits = refusal === undefined ? wish : {};
  const apply = pick(
    wanted,
    Object.keys(wanted).filter((key) => running[key] !== wanted[key]),
  );
  const restore = pick(
    seen.before,
    dropped.filter((key) => running[key] !== seen.before[key]),
  );
  const somethingToDo = [edits, apply, restore].some((part) => Object.keys(part).length > 0) || seen.unfinished;
  const changes = { ...restore, ...apply };
  return {
    edits,
    apply,
    restore,
    refusal,
    isEmpty: !somethingToDo && refusal === undefined,
    notes: [
      ...(refusal === undefined ? [] : [refusal]),
      ...(seen.unfinished ? ["an earlier change was interrupted; it is carried out again"] : []),
      ...(kind.touches?.({ edits, apply, restore }, seen) ?? []),
      ...keysOf(changes).map((key) => valueNote(kind.noun, key, running[key], changes[key] ?? "")),
      ...Object.keys(edits)
        .sort()
        .map((path) => fileNote(path, seen.files[path] ?? null, edits[path] ?? null)),
    ],
  };
}

/** Why files cannot be edited line by line: bytes that are no UTF-8 would not come back as they were. */
function unreadable(paths: readonly string[], { files }: Seen): string | undefined {
  const garbled = paths.filter((path) => files[path]?.includes("\ufffd"));
  if (garbled.length === 0) return undefined;
  return `${garbled.join(", ")} is no UTF-8 text and is not edited: convert it (iconv -f latin1 -t utf8), or take the setting out of the configuration`;
}

/**
 * Edits that take our part out of the files. A file that is as we left it gets back what was there before us, to the byte; from one that
 * somebody has changed since, only ours goes.
 */
function undo(kind: SettingKind, ours: Values, seen: Seen): Texts {
  // A run that was killed has left some of ours, or other values of it: those that the files have.
  const asWeLeft = [ours, kind.boot(keysOf(ours), seen)].map((values) =>
    kind.edit(values, {}, { ...seen, files: seen.originals }),
  );
  return Object.fromEntries(
    Object.entries(kind.edit({}, ours, seen)).map(([path, text]) =>
      asWeLeft.some((texts) => (texts[path] ?? seen.originals[path]) === seen.files[path])
        ? [path, seen.originals[path] ?? null]
        : [path, text],
    ),
  );
}

function valueNote(noun: string, key: string, from: string | undefined, to: string): string {
  const name = noun === "" ? key : `${noun} ${key}`;
  return from === undefined || from === "" ? `${name} becomes ${to}` : `${name} is ${from} and becomes ${to}`;
}

/** The file is the board's own, and lines of others stand beside ours: a share's in fstab, a repository's in dnf.conf. */
function fileNote(path: string, before: string | null, after: string | null): string {
  const verb = before === null ? "is new" : after === null ? "goes" : "changes";
  return `${path} ${verb}:\n${hideSecrets(lineDiff(before ?? "", after ?? "").join("\n"))}`;
}

/** Values as they are on the board: one that differs between now and the next boot is told with both. */
export function describeValues(kind: SettingKind, wanted: Values, seen: Seen): Record<string, string> {
  const keys = keysOf(wanted);
  const [running, boot] = [kind.running(keys, seen), kind.boot(keys, seen)];
  return Object.fromEntries(
    keys.map((key) => {
      const [now, then] = [running[key] ?? "", boot[key] ?? ""];
      return [key, now === then ? now : `${now === "" ? "not set" : now}, at boot ${then === "" ? "not set" : then}`];
    }),
  );
}
