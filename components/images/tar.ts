/**
 * Writes tar archives that are the same to the bit for the same entries. Written out here instead of taken from a package, because an
 * image's digest hangs on every byte of it: no update of a dependency may change the digests of images that did not change.
 */

/** One entry of an archive. */
export interface TarEntry {
  /** Path without a leading slash: `usr/bin/pause`. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  /** Permission bits, such as 0o755. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Content of a file. */
  readonly content?: Buffer;
  /** Target of a symlink. */
  readonly target?: string;
  /** Extended attributes by name. */
  readonly attributes?: Readonly<Record<string, Buffer>>;
}

const blockSize = 512;
const typeFlags = { file: "0", directory: "5", symlink: "2" } as const;
const extendedHeader = "x";

/** An archive (POSIX ustar, with pax headers only where ustar has no room) of entries in the order given. Times are 1970-01-01. */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(tarBlocks), tarEnd]);
}

/** What stands behind the last entry of an archive. */
export const tarEnd = Buffer.alloc(2 * blockSize);

/** One entry of an archive, for archives that are written piece by piece. */
export function tarBlocks(entry: TarEntry): Buffer[] {
  const blocks: Buffer[] = [];
  const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
  const extended = extendedRecords(path, entry);
  if (extended.length > 0) {
    const header = headerBlock("pax", 0o644, 0, 0, extended.length, extendedHeader, "");
    blocks.push(header, extended, padding(extended.length));
  }
  const content = entry.content ?? Buffer.alloc(0);
  const flag = typeFlags[entry.type];
  blocks.push(headerBlock(path, entry.mode, entry.uid, entry.gid, content.length, flag, entry.target ?? ""));
  blocks.push(content, padding(content.length));
  return blocks;
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

function headerBlock(
  path: string,
  mode: number,
  uid: number,
  gid: number,
  size: number,
  flag: string,
  target: string,
): Buffer {
  const block = Buffer.alloc(blockSize);
  // A name that does not fit is cut here and whole in the extended header before it.
  block.write(path.slice(0, 100), 0, 100, "utf8");
  block.write(octal(mode, 7), 100);
  block.write(octal(uid, 7), 108);
  block.write(octal(gid, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(" ".repeat(8), 148);
  block.write(flag, 156);
  block.write(target.slice(0, 100), 157, 100, "utf8");
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return block;
}

function octal(value: number, width: number): string {
  const text = value.toString(8).padStart(width, "0");
  if (text.length > width) throw new Error(`${value} does not fit into a tar header`);
  return text;
}

function extendedRecords(path: string, entry: TarEntry): Buffer {
  const records: [string, Buffer][] = [];
  if (Buffer.byteLength(path) > 100 || hasNonAscii(path)) records.push(["path", Buffer.from(path)]);
  const target = entry.target ?? "";
  if (Buffer.byteLength(target) > 100 || hasNonAscii(target)) records.push(["linkpath", Buffer.from(target)]);
  for (const [name, value] of Object.entries(entry.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    records.push([`SCHILY.xattr.${name}`, value]);
  }
  return Buffer.concat(records.map(([name, value]) => paxRecord(name, value)));
}

/** `<length> <name>=<value>\n`, where the length counts itself too. */
function paxRecord(name: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${name}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function hasNonAscii(text: string): boolean {
  return Buffer.byteLength(text) !== text.length;
}
