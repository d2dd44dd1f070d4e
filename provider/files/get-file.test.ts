import { expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import type { Board, FileOnBoard } from "../ssh/board";
import { getFileFunction } from "./get-file";

const connection = getFileFunction.args.shape.connection.parse({ host: "b.example", hostKeys: ["ssh-ed25519 AAAA"] });
const asked = (file: unknown, mayBeLong?: boolean) => {
  const board = { label: "b", file: () => Promise.resolve(file as FileOnBoard) } as unknown as Board;
  const context = sampleContext({}, [], { board: () => Promise.resolve(board) });
  return getFileFunction.call(context, {
    connection,
    path: "/etc/x",
    ...(mayBeLong === undefined ? {} : { mayBeLong }),
  });
};

it("a file that is too long is an error, and an answer to who asks for that", async () => {
  const long = { kind: "file", size: 300_000 };
  await expect(asked(long)).rejects.toThrow("/etc/x has 300000 bytes, more than 262144");
  expect(await asked(long, true)).toEqual({ isLong: true });
  expect(await asked({ kind: "file", size: 1, content: Buffer.from("x") }, true)).toEqual({ content: "x" });
  expect(await asked({ kind: "absent" }, true)).toEqual({});
});
