import { describe, expect, it } from "vitest";
import type { ProgramFacts } from "../../provider";
import { elfBytes } from "../images/elf-samples";
import { installedProblems } from "./installed";

const wanted = { path: "/usr/local/bin/k3s", unit: "k3s", version: "v1.36.3+k3s1", arch: "riscv64" } as const;
const headerFor = (machine: number) => elfBytes({ machine }).subarray(0, 4096).toString("base64");
const there: ProgramFacts = { there: true, header: headerFor(243), version: "v1.36.3+k3s1", unit: "loaded" };

describe("a k3s that is on the board already", () => {
  it("is good where it is a program for the board, of the version, with its unit", () => {
    expect(installedProblems(wanted, there, "k3s.source")).toEqual([]);
    expect(installedProblems({ ...wanted, version: "v1.36.3" }, there, "k3s.source")).toEqual([]);
  });

  it.each<[Partial<ProgramFacts>, RegExp[]]>([
    [{ there: false, header: "" }, [/there is no program \/usr\/local\/bin\/k3s on the board/]],
    [{ header: headerFor(62), version: undefined }, [/is for amd64, the board is riscv64/]],
    [{ header: "", version: undefined }, [/is no ELF program, the board is riscv64/]],
    [{ version: undefined }, [/--version does not tell a version/]],
    [
      { version: "v1.35.1+k3s1", unit: "masked" },
      [/is v1\.35\.1\+k3s1, k3s\.version says v1\.36\.3\+k3s1/, /no k3s\.service \(masked\)/],
    ],
  ])("is refused: %j", (found, reasons) => {
    const problems = installedProblems(wanted, { ...there, ...found }, "k3s.source");
    expect(problems).toHaveLength(reasons.length);
    reasons.forEach((reason, index) => expect(problems[index]).toMatch(reason));
  });
});
