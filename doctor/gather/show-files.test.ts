import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesIn } from "../read/shown-files";
import { showFiles } from "./show-files";

it("shows files as they are read again, empty ones and those without a last newline too, and leaves out what is none", () => {
  const directory = mkdtempSync(join(tmpdir(), "k3s-board-show-"));
  try {
    const put = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      utimesSync(join(directory, name), 12, 12);
    };
    put("a b=c.yaml", "x: 1\n\n@ 1 2 /no\n y");
    put("empty", "");
    put("last", "z\n");
    mkdirSync(join(directory, "directory"));
    const script = `${showFiles}show a* directory nothing* empty last; show nothing*`;
    const text = execFileSync("sh", ["-c", script], { cwd: directory, encoding: "utf8" });
    expect(filesIn(text)).toEqual([
      { path: "a b=c.yaml", mtime: 12, size: 18, text: "x: 1\n\n@ 1 2 /no\n y" },
      { path: "empty", mtime: 12, size: 0, text: "" },
      { path: "last", mtime: 12, size: 2, text: "z" },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
