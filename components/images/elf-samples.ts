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
}

/** A small 64-bit ELF file for tests: a header, its segments and nothing that could run. */
export function elfBytes({ machine, type = 2, flags = 0, interpreter, address = 0x10000n }: ElfSample): Buffer {
  const segments = interpreter === undefined ? 1 : 2;
  const bytes = Buffer.alloc(64 + segments * 56 + 64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(type, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt32LE(flags, 48);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments, 56);
  bytes.writeUInt32LE(1, 64);
  bytes.writeBigUInt64LE(address, 64 + 16);
  if (interpreter !== undefined) {
    const at = 64 + segments * 56;
    bytes.writeUInt32LE(3, 120);
    bytes.writeBigUInt64LE(BigInt(at), 120 + 8);
    bytes.writeBigUInt64LE(BigInt(interpreter.length + 1), 120 + 32);
    bytes.write(`${interpreter}\0`, at, "latin1");
  }
  return bytes;
}
