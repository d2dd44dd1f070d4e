import { renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { terminalProgress } from "../../tools/progress";
import { Engine } from "../engine/engine";
import type { Project } from "../engine/project";
import { ExpectedError, exitCode, type ExitCode } from "../errors";
import { streamsFor, type CommonFlags } from "./output";

/** The stack output that holds the kubeconfig, a secret. */
const kubeconfigOutput = "kubeconfig";

/**
 * The kubeconfig of an open stack, with an address that works from outside the board.
 *
 * @throws ExpectedError where the stack has none yet.
 */
export async function readKubeconfig(engine: Engine): Promise<string> {
  const output = (await engine.stack.outputs())[kubeconfigOutput];
  if (typeof output?.value === "string") return output.value;
  throw new ExpectedError(
    `stack ${engine.stackName} has no kubeconfig: \`npm run up -- --stack ${engine.stackName}\` first`,
  );
}

/** Writes the kubeconfig of a stack into a file that only its owner can read. */
export async function writeKubeconfig(
  project: Project,
  flags: CommonFlags & { readonly file: string },
): Promise<ExitCode> {
  const { human, result } = streamsFor(flags);
  const toOutput = flags.file === "-";
  const say = (text: string) => void (toOutput ? process.stderr : human).write(`${text}\n`);
  const options = { progress: terminalProgress(process.stderr), say, missing: "refuse", checkConfig: false } as const;
  const text = await Engine.open(project, flags.stack, options, readKubeconfig);
  if (toOutput) {
    result.write(text);
    return exitCode.ok;
  }
  // From where npm was called, not from the project directory that npm changes to.
  const file = resolve(process.env.INIT_CWD ?? process.cwd(), flags.file);
  const staged = `${file}.${process.pid}`;
  writeFileSync(staged, text, { mode: 0o600, flag: "wx" });
  renameSync(staged, file);
  if (flags.json) result.write(`${JSON.stringify({ file })}\n`);
  else say(`${file} (mode 0600): KUBECONFIG=${file} kubectl get pods -A`);
  return exitCode.ok;
}
