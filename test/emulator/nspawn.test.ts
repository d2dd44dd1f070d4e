import { afterAll, beforeAll, expect, it } from "vitest";
import { runOnNspawnBoard, startNspawnBoard, type NspawnBoard } from "../../emulator/nspawn";
import { terminalProgress } from "../../tools/progress";

let board: NspawnBoard;
let other: NspawnBoard;

beforeAll(async () => {
  [board, other] = (await Promise.all(
    ["nspawn-one", "nspawn-two"].map((name) => startNspawnBoard(name, terminalProgress())),
  )) as [NspawnBoard, NspawnBoard];
});
afterAll(async () => {
  await Promise.all([board?.stop(), other?.stop()]);
});

const bootId = (of: NspawnBoard) => runOnNspawnBoard(of, "cat /proc/sys/kernel/random/boot_id");

it("has a systemd that runs units and timers, and a journal", async () => {
  expect((await runOnNspawnBoard(board, "systemctl is-system-running")).trim()).toBe("running");
  const fired = await runOnNspawnBoard(
    board,
    `systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms --unit=once echo fired >&2
     for i in 1 2 3 4 5 6 7 8 9 10; do journalctl -u once --no-pager | grep -q fired && break; sleep 1; done
     journalctl -u once -o cat --no-pager`,
  );
  expect(fired).toContain("fired");
});

it("keeps its disk through a power cut, and loses it in a reset", async () => {
  await runOnNspawnBoard(board, "echo kept > /root/kept; sync");
  const before = await bootId(board);
  await board.powerCycle();
  expect(await bootId(board)).not.toBe(before);
  expect(await runOnNspawnBoard(board, "cat /root/kept")).toBe("kept\n");
  await board.reset();
  await expect(runOnNspawnBoard(board, "cat /root/kept")).rejects.toThrow("No such file");
});

it("leaves its neighbour alone", async () => {
  const before = await bootId(other);
  await board.reset();
  expect(await bootId(other)).toBe(before);
  expect(await runOnNspawnBoard(other, "hostname; systemctl is-active ssh")).toBe("nspawn-two\nactive\n");
});
