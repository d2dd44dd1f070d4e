/**
 * `npm run test:power-loss`: the board's power is cut at random moments of an `up`; after boot the next `up` has to converge, and no file may be
 * half-written. Takes about five minutes a cut. It goes on where it was stopped, with what is built now; the same seed gives the same moments
 * where `up` takes as long.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { downBoard, resetBoard, upBoard, type EmulatedBoard } from "../../emulator/board";
import { cacheDirectory } from "../../tools/cache";
import { terminalProgress } from "../../tools/progress";
import { onBoard } from "./board-view";
import { changedSections, type Contents, contentsOf, fraction, halfWritten, powerLossDuringUp } from "./power-loss";
import { boardSections, TestProject } from "./project";

const boardName = "power-loss";

/** What was interrupted: the first `up` of a pristine board, or the change of a cluster that runs. */
type Work = "install" | "change";

const cutSchema = z.object({
  run: z.number(),
  work: z.enum(["install", "change"]),
  /** From the start of `up` to the cut. */
  seconds: z.number(),
  /** Exit code of the `up` that lost its board; 0 where it was quicker than the cut. */
  code: z.number(),
  /** What was wrong afterwards; empty is what has to be. */
  problems: z.array(z.string()),
});
type Cut = z.infer<typeof cutSchema>;

/** What is kept from one run to the next. */
const recordSchema = z.object({ cuts: z.array(cutSchema) });
type Record = z.infer<typeof recordSchema>;

class PowerLossRun {
  /** Every file in the states that are whole: pristine, before and after the change. */
  private readonly whole: Contents[] = [];
  /** How long an undisturbed `up` takes, seconds. */
  private readonly typical = { install: 0, change: 0 };
  /** The board has the second configuration: the change has been made. */
  private changed = false;

  private constructor(
    private board: EmulatedBoard,
    private readonly directory: string,
    private readonly seed: number,
    private readonly record: Record,
  ) {}

  /**
   * Takes up a run of before. An undisturbed installation and change come first in any case: what they write is what is whole, and the moments are
   * within the time that they take. Sources and machine may have changed since.
   */
  static async begin(seed: number): Promise<PowerLossRun> {
    const directory = cacheDirectory("power-loss", String(seed));
    const known = tryRead(join(directory, "record.json"));
    await downBoard(boardName);
    const board = await upBoard({ name: boardName, architecture: "riscv64" }, terminalProgress());
    const record = known === undefined ? { cuts: [] } : recordSchema.parse(JSON.parse(known));
    const run = new PowerLossRun(board, directory, seed, record);
    run.newProject();
    run.whole.push(await contentsOf(board));
    for (const work of ["install", "change"] as const) {
      say(`undisturbed ${work}`);
      run.configure(work);
      const { problems, seconds } = await run.converge();
      if (problems.length > 0) throw new Error(problems.join("\n"));
      run.typical[work] = seconds;
      run.whole.push(await contentsOf(board));
    }
    run.changed = true;
    run.save();
    return run;
  }

  get cuts(): readonly Cut[] {
    return this.record.cuts;
  }

  /** One cut: works on a pristine board and on one that runs take turns. */
  async cut(): Promise<Cut> {
    const run = this.record.cuts.length;
    const work: Work = run % 2 === 0 ? "install" : "change";
    if (work === "install") {
      this.board = await resetBoard({ name: boardName }, terminalProgress());
      this.newProject();
      this.changed = false;
    }
    this.configure(work);
    const seconds = Math.round(fraction(this.seed, run) * this.typical[work]);
    say(`cut ${run + 1}: ${work}, after ${seconds} s`);
    const { up, contents } = await powerLossDuringUp(this.board, this.project(), {
      seconds,
      patienceSeconds: 20,
    });
    const problems = [
      ...halfWritten(contents, this.whole).map((path) => `${path} is half-written`),
      ...(await this.converge()).problems,
      ...(await onBoard(this.board, "find / -xdev -name '*.k3s-board-new'")).split("\n").filter(Boolean),
    ];
    const cut = { run, work, seconds, code: up.code, problems };
    this.record.cuts.push(cut);
    this.changed = work === "install" ? false : !this.changed;
    this.save();
    return cut;
  }

  /** `up` has to end well, and the preview after it has to be empty. @returns what was wrong, and the seconds of the `up` alone. */
  private async converge(): Promise<{ problems: string[]; seconds: number }> {
    const up = await this.project().run("up");
    if (up.code !== 0) return { problems: [`up ended with ${up.code}:\n${up.text}`], seconds: 0 };
    const seconds = up.report.durationSeconds;
    const preview = await this.project().run("preview", "--expect-no-changes");
    const problems = preview.code === 0 ? [] : [`the preview after up is not empty:\n${preview.text}`];
    return { problems, seconds };
  }

  private configure(work: Work): void {
    const before = boardSections(this.board);
    const isBefore = work === "install" || this.changed;
    this.project().configure(isBefore ? before : changedSections(before, this.directory));
  }

  private newProject(): void {
    rmSync(join(this.directory, "project"), { recursive: true, force: true });
  }

  private project(): TestProject {
    const directory = join(this.directory, "project");
    mkdirSync(directory, { recursive: true });
    return new TestProject(directory);
  }

  private save(): void {
    writeFileSync(join(this.directory, "record.json"), `${JSON.stringify(this.record, undefined, 1)}\n`);
  }
}

function tryRead(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

async function main(): Promise<void> {
  const { runs, seed } = new Command("npm run test:power-loss --")
    .description("Cuts the emulated board's power at random moments of an up, and lets the next up converge.")
    .option("--runs <number>", "cuts in the middle of an up, those of before included", Number, 20)
    .option("--seed <number>", "which moments; a run of the same seed goes on where it was stopped", Number, 1)
    .addHelpText(
      "after",
      "\nExit codes: 0 every up converged; 1 one did not, too many cuts came late, or something broke.",
    )
    .parse()
    .opts<{ runs: number; seed: number }>();
  const run = await PowerLossRun.begin(seed);
  // one that came behind the end of its up is told, and counts only where something was wrong; twice as many are enough to say so
  while (run.cuts.filter(({ code }) => code !== 0).length < runs && run.cuts.length < 2 * runs) {
    const { code, problems } = await run.cut();
    say(`up ended with ${code}; ${problems.length === 0 ? "converged" : problems.join("\n")}`);
  }
  await downBoard(boardName);
  const failed = run.cuts.filter(({ problems }) => problems.length > 0).length;
  const late = run.cuts.filter(({ code }) => code === 0).length;
  console.log(`${late} of ${run.cuts.length} cuts came behind the end of their up`);
  console.log(`${run.cuts.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && run.cuts.length - late >= runs ? 0 : 1;
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
