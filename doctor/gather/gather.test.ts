import { expect, it } from "vitest";
import type { Board } from "../../provider/ssh/board";
import { BoardError } from "../../provider/ssh/board-error";
import { gather } from "./gather";

it("a board that cannot be reached is one error, and no rejection is left behind", async () => {
  const refused = () => Promise.reject(new BoardError("unreachable", "root@board:22", "connection refused"));
  const board = { label: "root@board:22", ask: refused, file: refused } as unknown as Board;
  const left: unknown[] = [];
  const note = (reason: unknown) => left.push(reason);
  process.on("unhandledRejection", note);
  await expect(gather(board)).rejects.toThrow("root@board:22: connection refused.");
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  expect(left).toEqual([]);
});
