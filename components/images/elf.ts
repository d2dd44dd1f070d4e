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

/** Whether bytes begin like an ELF file. */
export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === 0x7f454c46;
}

/**
 * Reads the header of an ELF file and its table of segments.
 *
 * @param bytes - the file, or enough of its beginning to hold the table and the interpreter's name.
 * @returns `undefined` for bytes that are no ELF file.
 * @throws for an ELF file that is cut off or damaged.
 */
export function parseElf(bytes: Buffer): Elf | undefined {
  if (!isElf(bytes)) return undefined;
  try {
    return parse(bytes);
  } catch (error) {
    throw new Error(`damaged ELF file: ${(error as Error).message}`, { cause: error });
  }
}

function parse(bytes: Buffer): Elf {
  const bits = bytes.readUInt8(4) === 2 ? 64 : 32;
  const little = bytes.readUInt8(5) !== 2;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => (little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const word = (at: number) => (bits === 64 ? u64(at) : BigInt(u32(at)));

  const number = u16(18);
  const name = machineNames[number] ?? `machine ${number}`;
  const machine = name === "riscv" ? `riscv${bits}` : name;
  const tableOffset = Number(word(bits === 64 ? 32 : 28));
  const flags = u32(bits === 64 ? 48 : 36);
  const entrySize = u16(bits === 64 ? 54 : 42);
  const entries = u16(bits === 64 ? 56 : 44);

  let interpreter: string | undefined;
  const segments: { offset: bigint; address: bigint }[] = [];
  for (let index = 0; index < entries; index++) {
    const at = tableOffset + index * entrySize;
    const kind = u32(at);
    const offset = word(at + (bits === 64 ? 8 : 4));
    if (kind === loadSegment) segments.push({ offset, address: word(at + (bits === 64 ? 16 : 8)) });
    if (kind === interpreterSegment) {
      const size = Number(word(at + (bits === 64 ? 32 : 16)));
      if (Number(offset) + size > bytes.length) throw new RangeError("the interpreter's name is outside the file");
      interpreter = bytes.toString("latin1", Number(offset), Number(offset) + size).replace(/\0.*$/s, "");
    }
  }
  return {
    machine,
    bits,
    endianness: little ? "little" : "big",
    type: types[u16(16)] ?? "other",
    ...(name === "riscv" ? { floatAbi: floatAbis[(flags >> 1) & 3] ?? "soft" } : {}),
    ...(interpreter === undefined ? {} : { interpreter }),
    segments,
  };
}
