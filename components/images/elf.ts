/** Numbers of ELF's `e_machine`. */
const machineNames: Readonly<Record<number, string>> = {
  3: "i386",
  8: "mips",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "amd64",
  183: "arm64",
  243: "riscv",
  247: "bpf",
  258: "loong64",
};

/** What an object file is for. */
export type ElfType = "relocatable" | "executable" | "dynamic" | "core" | "other";

/** Floating-point calling convention of a RISC-V program; programs and libraries of different ones do not work together. */
export type FloatAbi = "soft" | "single" | "double" | "quad";

/** The header of an ELF file. */
export interface Elf {
  /** Architecture in Go's words where it has one (`riscv64`, `amd64`, `arm64`), else ELF's (`riscv32`, `bpf`, `machine 99`). */
  readonly machine: string;
  readonly bits: 32 | 64;
  readonly endianness: "little" | "big";
  /** `dynamic` is a position-independent program or a shared library. */
  readonly type: ElfType;
  /** Set for RISC-V only. */
  readonly floatAbi?: FloatAbi;
  /** Path of the program interpreter (the dynamic linker), `undefined` for a static program or a library. */
  readonly interpreter?: string;
  /** Parts that are mapped into memory. */
  readonly segments: readonly { readonly offset: bigint; readonly address: bigint }[];
}

const types: Readonly<Record<number, ElfType>> = { 1: "relocatable", 2: "executable", 3: "dynamic", 4: "core" };
const floatAbis = ["soft", "single", "double", "quad"] as const;
const loadSegment = 1;
const interpreterSegment = 3;

/** Bytes kept of a file's beginning, where linkers put the table of segments and the interpreter's name. */
const headLimit = 64 * 1024;
/** A table of segments has some ten entries of 56 bytes; nothing is kept of a file that claims a larger one than this. */
const tableLimit = 256 * 1024;
/** Linux' PATH_MAX. */
const interpreterLimit = 4096;

/** Whether bytes begin like an ELF file. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === 0x7f454c46;
}

/**
 * Reads the header of an ELF file and its table of segments.
 *
 * @param bytes - the whole file.
 * @returns `undefined` for bytes that are no ELF file.
 * @throws for an ELF file that is cut off or damaged.
 */
export function parseElf(bytes: Buffer): Elf | undefined {
  const reader = new ElfReader(bytes.length);
  reader.push(bytes);
  return reader.end();
}

/** Part of a file that is put together as it passes. */
interface Capture {
  readonly start: number;
  readonly bytes: Buffer;
  filled: number;
}

/**
 * Reads the header of an ELF file of which the bytes pass by once, in pieces. It keeps the beginning of the file, the table of segments and the
 * interpreter's name, wherever these lie, and nothing else.
 */
export class ElfReader {
  readonly #head: Buffer;
  #seen = 0;
  #done = false;
  #damage: unknown;
  #header: Header | undefined;
  #table: Capture | undefined;
  #interpreter: Capture | undefined;
  #elf: Elf | undefined;

  /** @param size - of the file in bytes. */
  constructor(private readonly size: number) {
    this.#head = Buffer.alloc(Math.min(size, headLimit));
  }

  /** Takes the next piece of the file. */
  push(chunk: Buffer): void {
    if (!this.#done) {
      try {
        this.#take(chunk);
      } catch (error) {
        this.#damage = error;
        this.#done = true;
      }
    }
    this.#seen += chunk.length;
  }

  /**
   * What the file is, once all of it has passed.
   *
   * @returns `undefined` for a file that is no ELF file.
   * @throws for an ELF file that is cut off or damaged.
   */
  end(): Elf | undefined {
    if (!isElf(this.#head.subarray(0, this.#seen))) return undefined;
    if (this.#done && this.#damage === undefined) return this.#elf;
    const { code, message } = (this.#damage ?? {}) as NodeJS.ErrnoException;
    // Node's own words for reading beyond a buffer say nothing to anybody here.
    const what = code?.startsWith("ERR_") ? "it is cut off" : (message ?? "it is cut off");
    throw new Error(`damaged ELF file: ${what}`, { cause: this.#damage });
  }

  #take(chunk: Buffer): void {
    if (this.#seen < this.#head.length) chunk.copy(this.#head, this.#seen);
    const available = Math.min(this.#head.length, this.#seen + chunk.length);
    if (available >= 4 && !isElf(this.#head)) {
      this.#done = true;
      return;
    }
    if (available < this.#head.length) return;
    this.#header ??= parseHeader(this.#head);
    const { tableOffset, entries, entrySize } = this.#header;
    this.#table ??= this.#capture("the table of segments", tableOffset, entries * entrySize, tableLimit);
    if (!this.#fill(this.#table, chunk)) return;
    this.#elf ??= this.#withSegments(this.#header, this.#table.bytes);
    if (this.#interpreter) {
      if (!this.#fill(this.#interpreter, chunk)) return;
      const interpreter = this.#interpreter.bytes.toString("latin1").replace(/\0.*$/s, "");
      this.#elf = { ...this.#elf, interpreter };
    }
    this.#done = true;
  }

  #withSegments(header: Header, table: Buffer): Elf {
    const { elf, entries, entrySize, reads } = header;
    const { u32, word } = reads(table);
    const wide = elf.bits === 64;
    const segments: { offset: bigint; address: bigint }[] = [];
    for (let index = 0; index < entries; index++) {
      const at = index * entrySize;
      const kind = u32(at);
      const offset = word(at + (wide ? 8 : 4));
      if (kind === loadSegment) segments.push({ offset, address: word(at + (wide ? 16 : 8)) });
      if (kind === interpreterSegment) {
        const length = Number(word(at + (wide ? 32 : 16)));
        this.#interpreter = this.#capture("the interpreter's name", Number(offset), length, interpreterLimit);
      }
    }
    return { ...elf, segments };
  }

  #capture(what: string, start: number, length: number, limit: number): Capture {
    if (start + length > this.size) throw new RangeError(`${what} is outside the file`);
    if (length > limit) throw new RangeError(`${what} has ${length} bytes`);
    const capture = { start, bytes: Buffer.alloc(length), filled: 0 };
    this.#head.subarray(start, start + length).copy(capture.bytes);
    capture.filled = Math.max(0, Math.min(length, this.#head.length - start));
    return capture;
  }

  /** Takes what a piece has of a part. Returns whether the part is whole. */
  #fill(part: Capture, chunk: Buffer): boolean {
    if (part.filled === part.bytes.length) return true;
    const from = part.start + part.filled - this.#seen;
    // Linkers and patchelf write the table before what it points to.
    if (from < 0) throw new RangeError("the interpreter's name lies far before the table that points to it");
    if (from < chunk.length) part.filled += chunk.copy(part.bytes, part.filled, from);
    return part.filled === part.bytes.length;
  }
}

/** Reads numbers of the file's width and byte order. */
interface Reads {
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** An address or offset. */
  readonly word: (at: number) => bigint;
}

interface Header {
  readonly elf: Elf;
  readonly tableOffset: number;
  readonly entries: number;
  readonly entrySize: number;
  readonly reads: (bytes: Buffer) => Reads;
}

function parseHeader(head: Buffer): Header {
  const bits = head.readUInt8(4) === 2 ? 64 : 32;
  const little = head.readUInt8(5) !== 2;
  const reads = (bytes: Buffer): Reads => ({
    u16: (at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    u32: (at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)),
    word: (at) => {
      if (bits === 32) return BigInt(little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
      return little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
    },
  });
  const wide = bits === 64;
  const { u16, u32, word } = reads(head);
  const number = u16(18);
  const name = machineNames[number] ?? `machine ${number}`;
  const flags = u32(wide ? 48 : 36);
  const entrySize = u16(wide ? 54 : 42);
  const entries = u16(wide ? 56 : 44);
  if (entries > 0 && entrySize < (wide ? 56 : 32)) throw new RangeError(`a segment's entry has ${entrySize} bytes`);
  return {
    elf: {
      machine: name === "riscv" ? `riscv${bits}` : name,
      bits,
      endianness: little ? "little" : "big",
      type: types[u16(16)] ?? "other",
      ...(name === "riscv" ? { floatAbi: floatAbis[(flags >> 1) & 3] ?? "soft" } : {}),
      segments: [],
    },
    // A file without segments may say anything here.
    tableOffset: entries === 0 ? 0 : Number(word(wide ? 32 : 28)),
    entries,
    entrySize,
    reads,
  };
}
