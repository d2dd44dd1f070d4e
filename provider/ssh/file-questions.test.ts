import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { filesScript, parseFiles, type FileQuestion } from "./file-questions";

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "questions-"))));
afterEach(() => rmSync(directory, { recursive: true }));

function ask(questions: readonly FileQuestion[]) {
  return parseFiles(
    questions,
    execFileSync("sh", ["-c", filesScript(questions)], { stdio: ["ignore", "pipe", "inherit"] }),
  );
}

describe("filesScript", () => {
  it("tells files, links, directories and what is not there", () => {
    const at = (name: string) => join(directory, name);
    writeFileSync(at("plain"), "one\ntwo\n");
    chmodSync(at("plain"), 0o640);
    writeFileSync(at("it's *odd* $HOME"), Buffer.from([0, 10, 255, 10]));
    writeFileSync(at("empty"), "");
    writeFileSync(at("big"), "x".repeat(5000));
    mkdirSync(at("dir"));
    symlinkSync("plain", at("link"));
    symlinkSync("nowhere", at("dangling"));
    const names = ["plain", "absent", "big", "it's *odd* $HOME", "link", "empty", "dir", "dangling"];
    const answers = ask(names.map((name) => ({ path: at(name), contentLimit: 1000 })));
    expect(answers?.map((answer) => answer.kind)).toEqual(
      "file absent file file symlink file directory symlink".split(" "),
    );
    expect(answers?.[0]).toMatchObject({
      mode: "0640",
      owner: "root",
      uid: 0,
      size: 8,
      content: Buffer.from("one\ntwo\n"),
    });
    expect(answers?.[2]).toMatchObject({
      size: 5000,
      content: undefined,
      sha256: execFileSync("sha256sum", [at("big")], { encoding: "utf8" }).slice(0, 64),
    });
    expect(answers?.[3]).toMatchObject({ content: Buffer.from([0, 10, 255, 10]) });
    expect(answers?.[4]).toEqual({ kind: "symlink", target: "plain" });
    expect(answers?.[7]).toEqual({ kind: "symlink", target: "nowhere" });
  });

  it("gives back any content, byte by byte", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }), (contents) => {
        const questions = contents.map((content, index) => {
          writeFileSync(join(directory, `f${index}`), content);
          return { path: join(directory, `f${index}`), contentLimit: 100 };
        });
        const answers = ask(questions) ?? [];
        for (const [index, content] of contents.entries()) {
          const answer = answers[index];
          if (answer?.kind !== "file") throw new Error("not a file");
          expect(answer.size).toBe(content.length);
          if (content.length <= 100) expect(answer.content?.equals(content)).toBe(true);
          else expect(answer.content).toBeUndefined();
        }
      }),
      { numRuns: 40 },
    );
  });

  it("notices an answer whose bytes do not add up", () => {
    writeFileSync(join(directory, "a"), "abc");
    const questions = [{ path: join(directory, "a"), contentLimit: 10 }];
    const output = execFileSync("sh", ["-c", filesScript(questions)]);
    expect(parseFiles(questions, output.subarray(0, -1))).toBeUndefined();
    expect(parseFiles(questions, Buffer.concat([output, Buffer.from("d")]))).toBeUndefined();
  });
});
