import { z } from "zod";
import { connectionFor } from "../../components/board/connection";
import { upBoard } from "../../emulator/board";
import { connectionArgs } from "../../provider/ssh/connection-args";
import { SshBoard } from "../../provider/ssh/connection";
import { parseK3sConfig } from "../../stacks/config";
import { terminalProgress } from "../../tools/progress";
import type { DemoFlags } from "../cli";
import { readKubeconfig } from "../commands/kubeconfig";
import { operate } from "../commands/operate";
import { Engine } from "../engine/engine";
import { demoStack } from "../engine/passphrase";
import type { Project } from "../engine/project";
import { ExpectedError, exitCode, type ExitCode } from "../errors";
import { elapsed } from "../events/lines";
import { paintFor } from "../events/view";
import { nextSteps } from "./next-steps";
import { show, type DemoStack } from "./show";

const builtImages = z.record(z.string(), z.string());

/**
 * The whole way on an emulated board: the board comes up, the stack is brought up, what it made is shown and checked, and a second `up` must
 * change nothing.
 *
 * @returns 0, or 1 where a check fails.
 */
export async function demo(project: Project, flags: DemoFlags): Promise<ExitCode> {
  const begun = Date.now();
  const paint = paintFor(process.stdout, flags.color);
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  const heading = (text: string) => say(`\n${paint("bold", `== ${text}`)}`);
  const times: [string, number][] = [];
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const since = Date.now();
    heading(what);
    const result = await work();
    times.push([what, (Date.now() - since) / 1000]);
    return result;
  };
  const upFlags = { ...flags, stack: demoStack, yes: true, json: false, diff: false };

  await timed("The board: a Debian of another architecture in QEMU", async () => {
    const board = await upBoard({ architecture: "riscv64", name: "dev" }, terminalProgress());
    say(`  ${board.name} (${board.architecture}) answers on ${board.host} port ${board.port}`);
  });
  const first = await timed("npm run up: the stack of Pulumi.dev.yaml", () => operate(project, "up", upFlags));
  if (first.exitCode !== exitCode.ok) return first.exitCode;

  await timed("What is there now", async () => {
    const stack = await readStack(project);
    const board = new SshBoard(connectionArgs.parse(connectionFor(stack.config.board)));
    try {
      await show(stack, board, say);
    } finally {
      board.close();
    }
  });

  const second = await timed("npm run up again: nothing may change", () => operate(project, "up", upFlags));
  if (second.exitCode !== exitCode.ok) return second.exitCode;
  if (second.report.summary.changes)
    throw new ExpectedError("the second up changed something; it should have found all in place");

  heading("Times");
  for (const [what, seconds] of times) say(`  ${elapsed(seconds).padStart(12)}  ${what}`);
  say(`  ${elapsed((Date.now() - begun) / 1000).padStart(12)}  in all`);
  heading("And now");
  say(nextSteps);
  return exitCode.ok;
}

async function readStack(project: Project): Promise<DemoStack> {
  const progress = terminalProgress();
  return Engine.open(project, demoStack, { progress, say: () => undefined, missing: "refuse" }, async (engine) => ({
    config: parseK3sConfig(await engine.configValues()),
    kubeconfig: await readKubeconfig(engine),
    images: builtImages.parse((await engine.stack.outputs()).images?.value),
  }));
}
