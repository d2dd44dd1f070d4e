import { open } from "node:fs/promises";
import { type Elf, parseElf } from "./elf";

/** The ELF header of a program on this machine; its first 64 KiB hold it. `undefined` for what is no ELF file. */
export async function elfOfFile(path: string): Promise<Elf | undefined> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return parseElf(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}
