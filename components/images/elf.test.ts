import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ElfReader, parseElf } from "./elf";
import { elfBytes } from "./elf-samples";

describe("parseElf", () => {
  it("reads this Node's own program", () => {
    const machine = { x64: "amd64", arm64: "arm64", riscv64: "riscv64" }[process.arch as string];
    const elf = parseElf(readFileSync(process.execPath));
    expect(elf).toMatchObject({ machine, bits: 64, endianness: "little" });
    expect(elf?.interpreter).toMatch(/^\/lib.*ld-linux/);
  });

  it("reads machine, type, float ABI, interpreter and segments", () => {
    expect(parseElf(elfBytes({ machine: 243, flags: 5, interpreter: "/lib/ld.so" }))).toEqual({
      machine: "riscv64",
      bits: 64,
      endianness: "little",
      type: "executable",
      floatAbi: "double",
      interpreter: "/lib/ld.so",
      segments: [{ offset: 0n, address: 0x10000n }],
    });
    expect(parseElf(elfBytes({ machine: 183, type: 3 }))).toMatchObject({ machine: "arm64", type: "dynamic" });
    expect(parseElf(elfBytes({ machine: 9999 }))?.machine).toBe("machine 9999");
  });

  it("takes nothing else for ELF, and says so when one is cut off", () => {
    expect(parseElf(Buffer.from("#!/bin/sh\n"))).toBeUndefined();
    expect(parseElf(Buffer.alloc(0))).toBeUndefined();
    expect(() => parseElf(elfBytes({ machine: 62 }).subarray(0, 40))).toThrow("damaged ELF file");
  });

  it("never does anything but answer or refuse", () => {
    const base = elfBytes({ machine: 243, interpreter: "/lib/ld.so" });
    fc.assert(
      fc.property(fc.nat(base.length), fc.uint8Array({ maxLength: 16 }), fc.nat(base.length), (at, bytes, length) => {
        const damaged = Buffer.from(base);
        Buffer.from(bytes).copy(damaged, at);
        try {
          parseElf(damaged.subarray(0, length));
        } catch (error) {
          expect((error as Error).message).toMatch(/^damaged ELF file/);
        }
      }),
    );
  });

  it("says the same of a file that passes by in pieces, wherever its table of segments lies", () => {
    const place = fc.constantFrom(64, 4096, 64 * 1024 - 80, 64 * 1024, 200_000);
    fc.assert(
      fc.property(place, fc.array(fc.integer({ min: 1, max: 90_000 })), fc.boolean(), (tableAt, cuts, dynamic) => {
        const interpreter = dynamic ? { interpreter: "/lib/ld.so" } : {};
        const file = elfBytes({ machine: 243, flags: 5, tableAt, ...interpreter });
        const reader = new ElfReader(file.length);
        let at = 0;
        for (const size of cuts) {
          reader.push(file.subarray(at, at + size));
          at += size;
        }
        reader.push(file.subarray(at));
        expect(reader.end()).toEqual(parseElf(file));
        expect(reader.end()).toMatchObject({ machine: "riscv64", ...interpreter });
      }),
    );
  });

  it("keeps little of a file that claims much", () => {
    const huge = elfBytes({ machine: 243, tableAt: 70_000 });
    huge.writeUInt16LE(65535, 56);
    const reader = new ElfReader(1e12);
    reader.push(huge);
    expect(() => reader.end()).toThrow("damaged ELF file: the table of segments has 3669960 bytes");
  });
});
