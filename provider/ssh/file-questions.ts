import { createHash } from "node:crypto";
import type { FileOnBoard } from "./board";
import { quote } from "./shell";

/** A file to look at; its content comes along where it is not longer than `contentLimit` bytes. */
export interface FileQuestion {
  readonly path: string;
  readonly contentLimit: number;
}

/** Where this program keeps what it must remember on a board. Mode 0700, root's; gone when nothing of ours is left. */
export const stateDirectory = "/var/lib/k3s-board";

/** Checksums of big files, one `<identity> <sha256>` a line; identity is device, inode, size, mtime and ctime. */
const hashes = `${stateDirectory}/hashes`;

/** Lines kept in the cache of checksums. */
const hashesKept = 200;

/**
 * A script that tells the state of all files with a fixed number of processes: one `stat` for all, one `readlink` for all symbolic links,
 * one `sha256sum` for all big files whose checksum is not cached, one `cat` for the contents of all others.
 *
 * Output: a line with a digit a question (1: there); for each that is there a line of `stat`; the targets of the symbolic links, a line
 * each; the checksums of the big files, a line each; the raw contents of the small ones.
 *
 * The checksums are cached on the board, because hashing k3s's binary takes seconds on a slow one. A file that changed in the last two
 * seconds is not cached: it could change again within the same tick of its clock.
 */
export function filesScript(questions: readonly FileQuestion[]): string {
  const variables = questions.map(
    ({ path, contentLimit }, index) => `p${index}=${quote(path)} l${index}=${contentLimit}`,
  );
  return `set -f; nl='
'
${variables.join("\n")}
set --; have= i=0
while [ $i -lt ${questions.length} ]; do
  eval "p=\\$p$i"
  if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; have="$have $i"; printf 1; else printf 0; fi
  i=$((i+1))
done
echo
[ $# -gt 0 ] || exit 0
s=$(stat -c '%f %U %u %G %g %s %d:%i:%s:%.9Y:%.9Z' -- "$@") || exit 9
printf '%s\\n' "$s"
take() { kind=$1 size=$6 id=$7; }
set -- $have; links= big= small=
IFS=$nl
for line in $s; do
  IFS=' '; take $line
  case $kind in
    a???) links="$links $1" ;;
    8???) eval "l=\\$l$1 id$1=\\$id"; if [ "$size" -gt "$l" ]; then big="$big $1"; else small="$small $1"; fi ;;
  esac
  shift
done
IFS=' '
files() { list=$2; set -- $1; for i in $list; do eval "set -- \\"\\$@\\" \\"\\$p$i\\""; done; [ $# -eq 1 ] || { tool=$1; shift; $tool -- "$@"; }; }
files readlink "$links" || exit 9
if [ -n "$big" ]; then
  cache= new= miss=
  [ ! -r ${hashes} ] || cache=$nl$(cat ${hashes})
  for i in $big; do
    eval "id=\\$id$i"
    case $cache$nl in
      *"$nl$id "*) sum=\${cache#*"$nl$id "}; eval "h$i=\\\${sum%%\\"\\$nl\\"*}" ;;
      *) miss="$miss $i" ;;
    esac
  done
  sums=$(files sha256sum "$miss") || exit 9
  now=$(date +%s)
  set -- $miss
  IFS=$nl
  for line in $sums; do
    sum=\${line%% *}; sum=\${sum#\\\\}
    eval "h$1=\\$sum id=\\$id$1"
    changed=\${id##*:}
    [ "\${changed%%.*}" -ge $((now-2)) ] || new="$new$id $sum$nl"
    shift
  done
  IFS=' '
  for i in $big; do eval "printf '%s\\n' \\"\\$h$i\\""; done
  if [ -n "$new" ] && [ -d ${stateDirectory} ]; then
    printf '%s' "$new\${cache:+\${cache#"$nl"}$nl}" | head -n ${hashesKept} >${hashes}.$$ && mv -f ${hashes}.$$ ${hashes}
  fi
fi
files cat "$small" || exit 9`;
}

/** `stat`'s `%f`: the file type in the upper four bits. */
const types: Record<number, "file" | "directory" | "symlink"> = { 0x8: "file", 0x4: "directory", 0xa: "symlink" };

interface Found {
  readonly question: FileQuestion;
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly mode: string;
  readonly owner: string;
  readonly uid: number;
  readonly group: string;
  readonly gid: number;
  readonly size: number;
}

/** Reads what {@link filesScript} wrote. `undefined` where a file changed while it was looked at: ask again. */
export function parseFiles(questions: readonly FileQuestion[], output: Buffer): FileOnBoard[] | undefined {
  const reader = new Lines(output);
  const there = reader.line() ?? "";
  if (there.length !== questions.length) return undefined;
  const found = questions
    .filter((_, index) => there[index] === "1")
    .map((question) => parseStat(question, reader.line() ?? ""));
  const targets = new Map(found.filter(({ type }) => type === "symlink").map((one) => [one, reader.line()]));
  const isBig = (one: Found) => one.size > one.question.contentLimit;
  const sums = new Map(found.filter((one) => one.type === "file" && isBig(one)).map((one) => [one, reader.line()]));
  const contents = new Map(
    found.filter((one) => one.type === "file" && !isBig(one)).map((one) => [one, reader.take(one.size)]),
  );
  if (!reader.atEnd || [...targets.values(), ...sums.values(), ...contents.values()].includes(undefined))
    return undefined;

  const answers = new Map<FileQuestion, FileOnBoard>();
  for (const one of found) {
    if (one.type !== "file") {
      answers.set(one.question, { kind: one.type, target: targets.get(one) });
      continue;
    }
    const { mode, owner, uid, group, gid, size } = one;
    const content = contents.get(one);
    const sha256 = content ? createHash("sha256").update(content).digest("hex") : (sums.get(one) ?? "");
    answers.set(one.question, { kind: "file", mode, owner, uid, group, gid, size, sha256, content });
  }
  return questions.map((question) => answers.get(question) ?? { kind: "absent" });
}

function parseStat(question: FileQuestion, line: string): Found {
  const [raw = "0", owner = "", uid = "", group = "", gid = "", size = ""] = line.split(" ");
  const bits = Number.parseInt(raw, 16);
  return {
    question,
    type: types[bits >> 12] ?? "other",
    mode: (bits & 0o7777).toString(8).padStart(4, "0"),
    owner: owner === "UNKNOWN" ? uid : owner,
    uid: Number(uid),
    group: group === "UNKNOWN" ? gid : group,
    gid: Number(gid),
    size: Number(size),
  };
}

/** Lines and raw bytes from a buffer, in turn. */
class Lines {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  line(): string | undefined {
    const end = this.bytes.indexOf("\n", this.#at);
    if (end < 0) return undefined;
    const text = this.bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  take(length: number): Buffer | undefined {
    if (this.#at + length > this.bytes.length) return undefined;
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }
}
