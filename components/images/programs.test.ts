import { describe, expect, it } from "vitest";
import { elfBytes } from "./elf-samples";
import { linux } from "./image";
import { checkPrograms, type ImageFile } from "./programs";
import type { Architecture } from "../board/architecture";

const riscv = { machine: 243, flags: 5 };
const file = (path: string, sample: Parameters<typeof elfBytes>[0]): ImageFile => ({ path, content: elfBytes(sample) });

/** What an image of these files is refused for, a line each. */
function messages(files: ImageFile[], architecture: Architecture, pageSize = 4096): string[] {
  try {
    checkPrograms("demo", files, linux(architecture), { pageSize });
    return [];
  } catch (error) {
    return (error as Error).message.split("\n  ").slice(1);
  }
}

describe("checkPrograms", () => {
  it.each<[string, ImageFile[], string[]]>([
    ["a static program", [file("/pause", riscv)], []],
    ["text and directories", [{ path: "/etc" }, { path: "/etc/hosts", content: Buffer.from("x") }], []],
    ["an eBPF object", [file("/probe.o", { machine: 247, type: 1 })], []],
    ["a relocatable of another architecture", [file("/lib/x.o", { machine: 62, type: 1 })], []],
    [
      "a program of another architecture",
      [file("/hello", { machine: 62 })],
      ["/hello is a program for amd64, the image is for riscv64"],
    ],
    [
      "a library of another architecture",
      [file("/lib/libc.so", { machine: 183, type: 3 })],
      ["/lib/libc.so is a program for arm64, the image is for riscv64"],
    ],
    [
      "another float ABI",
      [file("/soft", { machine: 243, flags: 1 })],
      ["/soft uses the soft-float ABI; Linux on riscv64 uses double"],
    ],
    [
      "a missing interpreter",
      [file("/app", { ...riscv, interpreter: "/lib/ld.so" })],
      ["/app needs the interpreter /lib/ld.so, which is not in the image; link it statically"],
    ],
    [
      "an interpreter behind symlinks",
      [
        file("/app", { ...riscv, interpreter: "/lib/ld.so" }),
        { path: "/lib", target: "usr/lib" },
        { path: "/usr/lib/ld.so", target: "ld-2.41.so" },
        file("/usr/lib/ld-2.41.so", { ...riscv, type: 3 }),
      ],
      [],
    ],
    [
      "an interpreter that is a circle of symlinks",
      [file("/app", { ...riscv, interpreter: "/a" }), { path: "/a", target: "b" }, { path: "/b", target: "a" }],
      ["/app needs the interpreter /a, which is not in the image; link it statically"],
    ],
  ])("%s", (_name, files, expected) => expect(messages(files, "riscv64")).toEqual(expected));

  it("minds the board's page size", () => {
    const files = [file("/app", { machine: 183, address: 0x401000n })];
    expect(messages(files, "arm64")).toEqual([]);
    expect(messages(files, "arm64", 65536)).toEqual(["/app is not aligned to the board's memory pages of 65536 bytes"]);
  });

  it("reports all at once", () => {
    const files = [file("/a", { machine: 62 }), file("/b", { machine: 183 })];
    expect(() => checkPrograms("demo", files, linux("riscv64"))).toThrow(
      "image demo is refused:\n  /a is a program for amd64, the image is for riscv64\n  /b is a program for arm64, the image is for riscv64",
    );
  });
});
