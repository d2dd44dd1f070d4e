import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkProgram } from "./k3s-binary";

/** An ELF header without segments. */
function elf(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt16LE(56, 54);
  return header;
}

describe("checkProgram", () => {
  let directory: string;
  beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), "k3s-binary-"))));
  afterAll(() => rm(directory, { recursive: true }));

  it("accepts a program of the board's architecture", async () => {
    await writeFile(join(directory, "riscv64"), elf(243));
    await expect(checkProgram(join(directory, "riscv64"), "riscv64")).resolves.toBeUndefined();
  });

  it("refuses one of another, naming both, and what is no program or not there", async () => {
    await writeFile(join(directory, "amd64"), elf(62));
    await expect(checkProgram(join(directory, "amd64"), "riscv64")).rejects.toThrow(
      "for amd64, and the board is riscv64",
    );
    await writeFile(join(directory, "text"), "#!/bin/sh\n");
    await expect(checkProgram(join(directory, "text"), "riscv64")).rejects.toThrow("no ELF file");
    await expect(checkProgram(join(directory, "none"), "riscv64")).rejects.toThrow("cannot read the k3s program");
  });
});
