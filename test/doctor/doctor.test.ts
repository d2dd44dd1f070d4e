import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectionFor } from "../../components/board/connection";
import { boardLogin } from "../../components/board/config";
import { entryOf } from "../../doctor/catalogue";
import { diagnose } from "../../doctor/diagnose";
import type { Facts } from "../../doctor/facts";
import type { Finding } from "../../doctor/findings";
import { gather } from "../../doctor/gather/gather";
import { readFacts } from "../../doctor/read/facts";
import { boardStatus, downBoard, type EmulatedBoard, upBoard } from "../../emulator/board";
import { clockRate } from "../../emulator/clock-rate";
import { Boards } from "../../provider/ssh/boards";
import { connectionArgs } from "../../provider/ssh/connection-args";
import { terminalProgress } from "../../tools/progress";
import { onBoard } from "../stack/board-view";
import { boardSections, TestProject } from "../stack/project";
import { breaks } from "./breaks";
import type { Ports } from "./breaks/break";
import {
  closedPort,
  startFaultyRegistry,
  startPlainRegistry,
  startUntrustedRegistry,
  type RunningRegistry,
} from "./faulty-registries";

const name = "doctor-test";
/** `K3S_BOARD_KEEP=1` leaves the board running, and takes one that runs and is healthy. */
const keep = process.env.K3S_BOARD_KEEP === "1";
/** The board's seconds until what was broken shows, or what was mended is well: k3s's own start is the longest. */
const patience = 420;

/** What the doctor says of the board, over a connection of its own, as a command would. */
async function look(board: EmulatedBoard) {
  const login = {
    host: board.host,
    port: board.port,
    user: board.user,
    identity: board.identity,
    knownHosts: board.knownHosts,
  };
  const boards = new Boards();
  const began = Date.now();
  try {
    const one = boards.at(connectionArgs.parse(connectionFor(boardLogin.parse(login))));
    const gathered = await gather(one);
    const facts = readFacts(gathered);
    return { facts, findings: diagnose(facts), seconds: (Date.now() - began) / 1000, roundTrips: one.roundTrips };
  } finally {
    boards.close();
  }
}

const told = (findings: readonly Finding[]) => findings.map(({ id, sentence }) => `${id}: ${sentence}`);

/** A board whose clock is slow on purpose falls behind, and the doctor says so. */
async function setClock(board: EmulatedBoard): Promise<void> {
  if (clockRate() < 1) await onBoard(board, `date -s @${Math.round(Date.now() / 1000)}`);
}

/**
 * Looks until the findings are as they should be; gives the last look when the time is over.
 *
 * @param clock - what is done about the board's clock before each look.
 */
async function lookUntil(
  board: EmulatedBoard,
  right: (findings: readonly Finding[], facts: Facts) => boolean,
  clock: (board: EmulatedBoard) => Promise<void> = setClock,
) {
  const end = Date.now() + (patience * 1000) / clockRate();
  for (;;) {
    await clock(board);
    const seen = await look(board);
    if (right(seen.findings, seen.facts) || Date.now() > end) return seen;
    // the board is busy enough with what is looked for
    await sleep(Math.max(3000, seen.seconds * 1000));
  }
}

const well = (findings: readonly Finding[], { pods, nodes }: Facts) =>
  findings.length === 0 && (pods?.length ?? 0) > 0 && (nodes?.length ?? 0) > 0;

/** One board serves all tests here, in this order. What a break leaves is mended before the next. */
describe.sequential("the doctor on an emulated board that is broken and mended", () => {
  let board: EmulatedBoard;
  let project: TestProject | undefined;
  let ports: Ports;
  const registries: RunningRegistry[] = [];

  beforeAll(async () => {
    const [registry, plain, untrusted] = await Promise.all([
      startFaultyRegistry(),
      startPlainRegistry(),
      startUntrustedRegistry(),
    ]);
    registries.push(registry, plain, untrusted);
    ports = { registry: registry.port, plain: plain.port, untrusted: untrusted.port, closed: await closedPort() };
    const there = keep ? await boardStatus(name) : undefined;
    if (there?.state === "running" && there.board !== undefined) {
      board = there.board;
      return;
    }
    await downBoard(name);
    board = await upBoard({ name, architecture: "riscv64" }, terminalProgress());
    const pristine = await look(board);
    expect(told(pristine.findings)).toEqual(["k3s-missing: there is no k3s on the board"]);
    project = new TestProject();
    project.configure(boardSections(board));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
  });
  afterAll(async () => {
    for (const registry of registries) registry.close();
    project?.dispose();
    if (!keep) await downBoard(name);
  });

  it("finds nothing on a healthy board, both views of each pod, within 20 s", async () => {
    await lookUntil(board, well);
    const { facts, findings, seconds, roundTrips } = await look(board);
    console.log(`doctor: ${seconds.toFixed(1)} s, ${roundTrips} SSH round trips`);
    expect(told(findings)).toEqual([]);
    expect(facts.unseen).toEqual([]);
    expect(facts.sandboxes?.length).toBeGreaterThan(0);
    expect(roundTrips).toBeLessThanOrEqual(6);
    expect(seconds).toBeLessThan(20);
  });

  for (const one of breaks) {
    const { severity } = entryOf(one.expected);
    it(`${one.expected}: found, alone among ${severity}s, with its remedy, and gone when it is mended`, async () => {
      const same = (findings: readonly Finding[]) => findings.filter((found) => found.severity === severity);
      await setClock(board);
      await onBoard(board, one.break(ports));
      try {
        const { findings } = await lookUntil(
          board,
          (all) => same(all).length === 1 && same(all)[0]?.id === one.expected,
          one.expected === "clock-skew" ? () => Promise.resolve() : setClock,
        );
        expect(
          same(findings).map(({ id }) => id),
          told(findings).join("\n"),
        ).toEqual([one.expected]);
        expect(same(findings)[0]?.remedy).toMatch(one.remedy);
        expect(same(findings)[0]?.evidence, "evidence").not.toEqual([]);
      } finally {
        await onBoard(board, one.mend(ports));
      }
      const { findings } = await lookUntil(board, well);
      expect(told(findings)).toEqual([]);
    });
  }
});
