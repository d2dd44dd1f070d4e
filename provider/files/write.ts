import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { quote } from "../ssh/shell";
import { lockSeconds, originals, recordOf, temporaryOf } from "./originals";

/** A file as it shall be. */
export interface WantedFile {
  readonly path: string;
  /** Lower-case hex; what arrives is compared with it before it takes the old file's place. */
  readonly sha256: string;
  readonly size: number;
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
}

/** Where its bytes come from. */
export type Bytes =
  { readonly kind: "content"; readonly content: Buffer } | { readonly kind: "source"; readonly path: string };

/** Smaller payloads are not worth a process to unpack them. */
const worthPacking = 64 * 1024;
/** Packs fast; a board unpacks all levels alike. */
const level = 3;

/** Seconds for a payload: its turn on the board, two minutes, and what a slow link (250 kB/s) needs. */
export function timeoutFor(size: number): number {
  return lockSeconds + 120 + Math.ceil(size / 250_000);
}

/**
 * Writes a file: what was there is recorded once, the new one is complete, verified and on disk before it takes the name. A kill at any
 * moment leaves the old file or the new one. Throws a `BoardError` that names the file; for a full disk before anything is written.
 */
export async function writeFile(board: Board, file: WantedFile, bytes: Bytes): Promise<void> {
  const packed = await packs(bytes);
  const result = await board.run(writeScript(file, packed), {
    purpose: `writing ${file.path}`,
    timeoutSeconds: timeoutFor(file.size),
    stdin: payload(bytes, packed),
  });
  if (result.code === 0) return;
  throw new BoardError(
    "refused",
    board.label,
    `${file.path} was not written: ${lastLines(result.stderr)}`,
    remedyFor(result.stderr),
  );
}

/** {@link writeFile} of a text, for a file that is root's. */
export async function writeText(
  board: Board,
  { path, mode }: Pick<WantedFile, "path" | "mode">,
  text: string,
): Promise<void> {
  const content = Buffer.from(text);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const file = { path, mode, owner: "root", group: "root", size: content.length, sha256 };
  await writeFile(board, file, { kind: "content", content });
}

/** The script of {@link writeFile}; the content comes on its stdin. */
export function writeScript(file: WantedFile, packed: boolean): string {
  const record = quote(recordOf(file.path));
  return `${beginning(file)}
undo() {
  take_back || return 0
  rm -f -- "$temporary"
  [ -z "$fresh" ] || forget ${record}
  leave "$path"
  tidy
}
fresh=
lock
trap undo EXIT
trap 'exit 143' HUP INT TERM PIPE
room ${Math.ceil(file.size / 1024) + 64} "$folder"
# The record and the temporary file stand before the lock is given up: nobody tidies away what this transfer needs.
[ -d $state/original/${record} ] || fresh=1
keep "$path" ${record}
make_directory "$folder"
${transfer(file, packed)}
is_ours || fail "another run writes it"
mv -fT -- "$temporary" "$path" || fail "it cannot be put in place"
sync -- "$folder"`;
}

/**
 * Shell that knows a file's place and refuses a directory there.
 *
 * - `give_up_lock`: lets others write while the temporary file waits for its bytes. From then on another run may begin anew, with a temporary
 *   file of its own and the record that is there: it stays open here, to be known by.
 * - `is_ours`: whether the temporary file is still the one that was made here.
 * - `take_back`: holds the lock again, or fails where nothing is ours any more, which is so as well when the file is in its place.
 */
export function beginning({ path }: Pick<WantedFile, "path">): string {
  return `${originals}
path=${quote(path)} folder=${quote(path.slice(0, path.lastIndexOf("/")) || "/")} temporary=${quote(temporaryOf(path))}
given_up=
give_up_lock() { exec 8<"$temporary" && given_up=1 && unlock; }
is_ours() { [ "$temporary" -ef /proc/self/fd/8 ]; }
take_back() { [ -z "$given_up" ] || { is_ours && lock && is_ours; }; }
[ -L "$path" ] || [ ! -d "$path" ] || fail "there is a directory at $path"`;
}

/** Shell that fills the temporary file from stdin, without the lock, until it is whole, has mode and owner, and is on disk. */
export function transfer(file: WantedFile, packed: boolean): string {
  return `umask 077
rm -f -- "$temporary" && : >"$temporary" || fail "$temporary cannot be made"
{ give_up_lock; ${packed ? "gzip -dc" : "cat"}; } >"$temporary" || fail "the transfer failed"
set -- $(sha256sum <"$temporary")
[ "$1" = ${file.sha256} ] || fail "the transfer was incomplete: sha256 $1 arrived, ${file.sha256} was sent"
${attributes(file)}`;
}

/** Shell that gives the temporary file its mode and owner. */
export function attributes({ owner, group, mode }: WantedFile): string {
  return `chown -- ${quote(`${owner}:${group}`)} "$temporary" && chmod -- ${mode} "$temporary" && sync -- "$temporary" || fail "mode and owner cannot be set"`;
}

/** Sets mode and owner of a file that has the right content already; records what was there as {@link writeFile} does. */
export async function setAttributes(board: Board, file: Omit<WantedFile, "sha256" | "size">): Promise<void> {
  const script = `${originals}
path=${quote(file.path)}
lock
keep "$path" ${quote(recordOf(file.path))}
chown -- ${quote(`${file.owner}:${file.group}`)} "$path" && chmod -- ${file.mode} "$path" && sync -- "$path"`;
  const result = await board.run(script, { purpose: `setting mode and owner of ${file.path}` });
  if (result.code !== 0)
    throw new BoardError(
      "refused",
      board.label,
      `mode and owner of ${file.path} were not set: ${lastLines(result.stderr)}`,
    );
}

/**
 * Takes a file away and puts back what was there before. A file that a service has taken over (its program, see `systemd/program-script.ts`)
 * stays: what was there before is that service's to put back.
 */
export async function removeFile(board: Board, path: string): Promise<void> {
  const script = `${originals}
[ -d $state ] || exit 0
lock
[ ! -e $state/original/${quote(recordOf(path))}/service ] || exit 0
restore ${quote(path)} ${quote(recordOf(path))} ${quote(temporaryOf(path))}
tidy`;
  const result = await board.run(script, { purpose: `restoring ${path}` });
  if (result.code !== 0)
    throw new BoardError("refused", board.label, `${path} was not restored: ${lastLines(result.stderr)}`);
}

/** The end of what a script said on stderr, as one line. */
export function lastLines(stderr: string, count = 3): string {
  return stderr.trim().split("\n").slice(-count).join("; ") || "no reason was given";
}

/** What to do about a write that failed, where its reason tells. */
export function remedyFor(stderr: string): string | undefined {
  if (/no space/i.test(stderr))
    return "Nothing was changed. Free some space on the board and run the same command again";
  if (/read-only file system/i.test(stderr))
    return "Nothing was changed. The file system is read-only: look at dmesg on the board";
  if (/invalid (user|group)/i.test(stderr))
    return "Nothing was changed. The owner or group does not exist on the board";
  return undefined;
}

/** Whether to send it packed: big enough, and its beginning shrinks by a tenth or more. */
export async function packs(bytes: Bytes): Promise<boolean> {
  const sampleSize = 1024 * 1024;
  let sample: Buffer;
  if (bytes.kind === "content") sample = bytes.content.subarray(0, sampleSize);
  else {
    const size = Math.min(sampleSize, (await stat(bytes.path)).size);
    const handle = await open(bytes.path);
    try {
      sample = (await handle.read(Buffer.alloc(size), 0, size, 0)).buffer;
    } finally {
      await handle.close();
    }
  }
  return sample.length >= worthPacking && gzipSync(sample, { level }).length < sample.length * 0.9;
}

/** The bytes as they travel. */
export function payload(bytes: Bytes, packed: boolean): Buffer | AsyncIterable<Buffer> {
  if (bytes.kind === "content") return packed ? gzipSync(bytes.content, { level }) : bytes.content;
  return sourceBytes(bytes.path, packed);
}

/** Opens the file with the first read: where no connection comes about nobody reads, and nobody would hear of an error. */
async function* sourceBytes(path: string, packed: boolean): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  if (!packed) {
    yield* stream as AsyncIterable<Buffer>;
    return;
  }
  const gzip = createGzip({ level });
  // An error of the file under it ends the gzip stream with that error, for whoever reads it.
  pipeline(stream, gzip).catch(() => undefined);
  yield* gzip as AsyncIterable<Buffer>;
}
