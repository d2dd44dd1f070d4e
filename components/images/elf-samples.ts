/** What {@link elfBytes} puts into the header. */
export interface ElfSample {
  /** ELF's number: 62 amd64, 183 arm64, 243 RISC-V, 247 BPF. */
  readonly machine: number;
  /** 1 relocatable, 2 executable, 3 dynamic. Defaults to 2. */
  readonly type?: number;
  readonly flags?: number;
  readonly interpreter?: string;
  /** Where the one loaded segment goes in memory. Defaults to 0x10000. */
  readonly address?: bigint;
  /** Where the table of segments lies, with the interpreter's name behind it. Defaults to 64, right behind the header. */
  readonly tableAt?: number;
}

/** A small 64-bit ELF file for tests: a header, its segments and nothing that could run. */
export function elfBytes({
  machine,
  type = 2,
  flags = 0,
  interpreter,
  address = 0x10000n,
  tableAt = 64,
}: ElfSample): Buffer {
  const segments = interpreter === undefined ? 1 : 2;
  const bytes = Buffer.alloc(tableAt + segments * 56 + 64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(type, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(BigInt(tableAt), 32);
  bytes.writeUInt32LE(flags, 48);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments, 56);
  bytes.writeUInt32LE(1, tableAt);
  bytes.writeBigUInt64LE(address, tableAt + 16);
  if (interpreter !== undefined) {
    const at = tableAt + segments * 56;
    bytes.writeUInt32LE(3, tableAt + 56);
    bytes.writeBigUInt64LE(BigInt(at), tableAt + 56 + 8);
    bytes.writeBigUInt64LE(BigInt(interpreter.length + 1), tableAt + 56 + 32);
    bytes.write(`${interpreter}\0`, at, "latin1");
  }
  return bytes;
}
