import { createInterface } from "node:readline/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { terminalProgress } from "../../tools/progress";
import { prune } from "../../tools/prune";
import { Engine, interruptedSentence } from "../engine/engine";
import type { Interrupted } from "../engine/pending";
import { listenForSignals, type Interruption } from "../engine/interrupt";
import type { Project } from "../engine/project";
import { WorkRecord, countWork, recordLines } from "../engine/work-record";
import { megabytes } from "../../provider/registry/upload";
import { UsageError, exitCode, type ExitCode } from "../errors";
import { elapsed, plannedLines, summaryLine } from "../events/lines";
import { RunRecord } from "../events/record";
import { RunView } from "../events/view";
import { chooseDepth, depthLines, passDepth, requireOneDepth, type DepthFlags } from "./destroy-depth";
import { distributionOf } from "./distribution";
import { engineErrorText } from "./engine-error";
import { streamsFor, type CommonFlags } from "./output";
import { outputLines, plainOutputs, runReport, type RunReport } from "./report";

/** The commands that look at a board or change it; Pulumi's names. */
export type OperationKind = "up" | "preview" | "refresh" | "destroy";

/** Options of {@link operate}. */
export interface OperationFlags extends CommonFlags, DepthFlags {
  /** Do not ask. */
  readonly yes: boolean;
  /** The engine's own detailed display instead of ours. */
  readonly diff: boolean;
  /** `preview`: exit code 7 when anything would change. */
  readonly expectNoChanges?: boolean;
  /** `destroy`: forget the stack as well. */
  readonly remove?: boolean;
}

/** What a run came to. */
export interface RunOutcome {
  readonly exitCode: ExitCode;
  readonly record: RunRecord;
  readonly report: RunReport;
}

type Pass = "succeeded" | "failed" | "cancelled";

/**
 * Runs a command on a stack and shows it.
 *
 * @param isWhole - whether it is all that the user has asked for. Otherwise standard output is left to what comes behind it, with `json`.
 * @throws UsageError before anything is contacted; ExpectedError where a living run holds the stack.
 */
export async function operate(
  project: Project,
  kind: OperationKind,
  flags: OperationFlags,
  isWhole = true,
): Promise<RunOutcome> {
  const begun = Date.now();
  if (kind === "up" || kind === "destroy") requireConsent(kind, flags);
  requireOneDepth(flags);
  const { human, result } = streamsFor(flags);
  // A sentence may come while the live line of a view stands there.
  const say = (sentence: string) => void human.write(`${human.isTTY ? "\r\x1b[K" : ""}${sentence}\n`);
  const work = new WorkRecord();
  const interruption = listenForSignals(say);
  try {
    const missing = kind === "up" || kind === "preview" ? "create" : "refuse";
    const progress = terminalProgress(process.stderr);
    let steps: Promise<readonly Interrupted[]> = Promise.resolve([]);
    const meanwhile = async (engine: Engine) => {
      if (kind === "preview") steps = engine.interrupted();
      // After the processes of the engine have been started: loading the program keeps this one busy.
      const loading =
        kind === "up" || kind === "preview" ? nextTurn().then(() => engine.useProgram(flags.verbose)) : undefined;
      // together: where one fails, nobody would wait for the other, and its failure would end the process
      await Promise.all([loading, steps]);
    };
    const options = { progress, say, missing, meanwhile } as const;
    const opened = Engine.open(project, flags.stack, options, async (engine) =>
      new Run(engine, flags, interruption, say).operate(kind, await steps),
    );
    const outcome = await opened.catch((error: unknown) => {
      // Ctrl-C also ends the small commands that go before the run, and their errors are no news then.
      if (interruption.interrupted) return { result: "cancelled", record: new RunRecord() } as const;
      throw error;
    });
    const seconds = (Date.now() - begun) / 1000;
    const recorded = work.read();
    if (flags.verbose) say(["what was done:", ...recordLines(recorded)].join("\n"));
    const report = runReport(kind, flags.stack, outcome.result, outcome.record, seconds, countWork(recorded));
    if (flags.json && isWhole) result.write(`${JSON.stringify(report, undefined, 2)}\n`);
    if (!flags.json || !isWhole) say(closingLine(kind, report, seconds));
    // what these two fetch and build is in the cache
    if ((kind === "up" || kind === "preview") && !interruption.interrupted) await prune();
    return { exitCode: codeOf(outcome.result, flags, report), record: outcome.record, report };
  } finally {
    interruption.dispose();
    work.dispose();
  }
}

function requireConsent(kind: OperationKind, flags: OperationFlags): void {
  if (flags.yes || (process.stdin.isTTY && process.stdout.isTTY && !flags.json)) return;
  throw new UsageError(
    `\`${kind}\` asks before it changes a board, and here is nobody to ask: look at \`npm run preview\` first, then add --yes`,
  );
}

function codeOf(result: RunReport["result"], flags: OperationFlags, report: RunReport): ExitCode {
  if (result === "cancelled") return exitCode.interrupted;
  if (result !== "succeeded") return exitCode.failed;
  return flags.expectNoChanges && report.summary.changes ? exitCode.changes : exitCode.ok;
}

function closingLine(kind: OperationKind, report: RunReport, seconds: number): string {
  const counted = [
    `${report.roundTrips} SSH round ${report.roundTrips === 1 ? "trip" : "trips"}`,
    `${report.imagesBuilt} ${report.imagesBuilt === 1 ? "image" : "images"} built`,
    `${megabytes(report.bytesPushed)} pushed`,
  ];
  return `${kind} ${report.result} in ${elapsed(seconds)} (${counted.join(", ")})`;
}

/** One command on an open stack. */
class Run {
  constructor(
    private readonly engine: Engine,
    private readonly flags: OperationFlags,
    private readonly interruption: Interruption,
    private readonly say: (sentence: string) => void,
  ) {}

  /** @param interrupted - steps that a dead run had begun, for a preview to tell. */
  async operate(
    kind: OperationKind,
    interrupted: readonly Interrupted[],
  ): Promise<{ result: RunReport["result"]; record: RunRecord }> {
    if (kind === "destroy") await this.announceDepth();
    if (kind === "preview") {
      if (interrupted.length > 0) this.say(`${interruptedSentence(interrupted)}; the next up settles that`);
    } else {
      await this.engine.settleInterrupted(this.say);
    }
    if (!this.flags.yes && (kind === "up" || kind === "destroy")) {
      const planned = await this.pass(kind, true);
      if (planned.result !== "succeeded") return planned;
      if (planned.record.changes.length > 0 && !(await this.confirm(kind))) {
        this.say("Nothing was changed.");
        return { result: "declined", record: planned.record };
      }
      this.engine.holdTo(planned.record.interruptions);
    }
    const done = await this.pass(kind, kind === "preview");
    if (done.result !== "succeeded" || kind === "preview") return done;
    if (kind === "up") await this.showOutputs();
    if (kind === "destroy" && this.flags.remove) {
      await this.engine.stack.workspace.removeStack(this.engine.stackName, { preserveConfig: true });
    }
    return done;
  }

  private async announceDepth(): Promise<void> {
    const values = await this.engine.configValues();
    const depth = chooseDepth(this.flags, values);
    if (depth === undefined) return;
    passDepth(depth, process.env);
    this.say(depthLines(depth, distributionOf(values)).join("\n"));
  }

  /** One pass of the engine, shown while it goes on. */
  private async pass(kind: OperationKind, preview: boolean): Promise<{ result: Pass; record: RunRecord }> {
    const { project } = this.engine;
    const record = new RunRecord((type, state) => project.removal?.(type, state) ?? []);
    const { human } = streamsFor(this.flags);
    const view = new RunView(record, { stream: human, colour: this.flags.color, preview });
    const onEvent = (event: EngineEvent) => {
      for (const happening of record.apply(event)) if (!this.flags.diff || isError(happening)) view.show(happening);
    };
    // The engine's own display is only shown where it was asked for; it is written in any case, so it is read in any case.
    const onOutput = this.flags.diff ? (text: string) => void human.write(text) : () => undefined;
    const color = this.flags.diff ? (human.isTTY ? "always" : "never") : "never";
    view.start();
    try {
      await runPass(this.engine.stack, kind, preview, {
        onEvent,
        onOutput,
        color,
        diff: this.flags.diff,
        signal: this.interruption.signal,
      });
    } catch (error) {
      view.stop();
      if (this.interruption.interrupted) return { result: "cancelled", record };
      if (!record.diagnostics.some(({ severity }) => severity === "error")) {
        this.say(engineErrorText(error instanceof Error ? error.message : String(error)));
      }
      if (record.changes.length > 0) this.summarize(record, view, preview);
      return { result: "failed", record };
    }
    view.stop();
    this.summarize(record, view, preview);
    return { result: "succeeded", record };
  }

  private summarize(record: RunRecord, view: RunView, preview: boolean): void {
    if (preview && !this.flags.diff)
      for (const resource of record.changes) view.line(plannedLines(resource, view.paint));
    view.line(summaryLine(record));
  }

  private async showOutputs(): Promise<void> {
    if (this.flags.json) return;
    const lines = outputLines(plainOutputs(await this.engine.stack.outputs(), false));
    if (lines.length > 0) this.say(["Outputs:", ...lines].join("\n"));
  }

  private async confirm(kind: OperationKind): Promise<boolean> {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const question = kind === "destroy" ? "Take all of this away? [y/N] " : "Do this? [y/N] ";
    // Ctrl-C and Ctrl-D close the question, which is a no.
    terminal.on("SIGINT", () => terminal.close());
    const closed = new Promise<string>((resolve) => terminal.on("close", () => resolve("no")));
    try {
      const signal = this.interruption.signal;
      const answer = await Promise.race([terminal.question(question, { signal }).catch(() => "no"), closed]);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      terminal.close();
    }
  }
}

interface PassOptions {
  readonly onEvent: (event: EngineEvent) => void;
  readonly onOutput: (text: string) => void;
  readonly color: "always" | "never";
  readonly diff: boolean;
  readonly signal: AbortSignal;
}

/** Resources at once. Each waits for the board, not for this machine, and what is asked at the same time travels in one round trip. */
const parallel = 64;

/** Always with a refresh: the state is what the board was, not what it is. */
async function runPass(stack: Stack, kind: OperationKind, preview: boolean, passed: PassOptions): Promise<void> {
  const options = { ...passed, parallel };
  if (kind === "refresh") await stack.refresh({ ...options, expectNoChanges: false });
  else if (kind === "destroy")
    await (preview ? stack.previewDestroy(options) : stack.destroy({ ...options, refresh: true }));
  else await (preview ? stack.preview({ ...options, refresh: true }) : stack.up({ ...options, refresh: true }));
}

function isError(happening: { kind: string; diagnostic?: { severity: string } }): boolean {
  return happening.kind === "diagnostic" && happening.diagnostic?.severity === "error";
}
