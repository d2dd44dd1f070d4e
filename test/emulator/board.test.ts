import { afterAll, beforeAll, expect, it } from "vitest";
import { boardStatus, downBoard, killBoard, resetBoard, upBoard, type EmulatedBoard } from "../../emulator/board";
import { runOnBoard } from "../../emulator/ssh";
import { terminalProgress } from "../../tools/progress";

const name = "emulator-test";
const choice = { name, k3s: false };
let board: EmulatedBoard;

beforeAll(async () => {
  await downBoard(name);
  // Two at once are one board.
  const boards = await Promise.all([upBoard(choice, terminalProgress()), upBoard(choice, terminalProgress())]);
  board = boards[0];
  expect(boards[1]).toEqual(board);
});
afterAll(async () => {
  await downBoard(name);
});

const run = (script: string) => runOnBoard(board, script, 60, "looking at the board");

it("is Debian of its architecture with two processors, cgroup v2 and the right time", async () => {
  const [machine, system, processors, controllers, seconds, hostName] = (
    await run(
      `uname -m; systemctl is-system-running; nproc; cat /sys/fs/cgroup/cgroup.controllers; date +%s; cat /proc/sys/kernel/hostname`,
    )
  ).split("\n");
  expect([machine, system, processors, hostName]).toEqual(["riscv64", "running", "2", name]);
  expect(controllers).toMatch(/\bmemory\b.*\bpids\b/);
  expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(10);
});

it("has its own address on the network of the boards", async () => {
  expect(await run("ip -br address show eth1")).toContain(`${board.neighbourAddress}/24`);
});

it("says that it died when its QEMU was killed, and is pristine after a reset", async () => {
  await run("echo changed > /etc/changed; sync");
  expect((await boardStatus(name)).state).toBe("running");
  await killBoard(name);
  expect((await boardStatus(name)).state).toBe("dead");
  await resetBoard(choice, terminalProgress());
  expect((await boardStatus(name)).state).toBe("running");
  await expect(run("cat /etc/changed")).rejects.toThrow("No such file");
});

it("leaves no process behind", async () => {
  const { pid } = await boardStatus(name);
  expect(await downBoard(name)).toBe(true);
  expect(() => process.kill(pid ?? 0, 0)).toThrow("ESRCH");
  expect(await downBoard(name)).toBe(false);
});
