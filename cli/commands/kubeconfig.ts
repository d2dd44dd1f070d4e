import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { terminalProgress } from "../../tools/progress";
import { rotateVariable } from "../../provider/kubernetes/certificates";
import { Engine } from "../engine/engine";
import type { Project } from "../engine/project";
import { ExpectedError, exitCode, type ExitCode } from "../errors";
import { distributionOf } from "./distribution";
import {
  certificateExpiry,
  chooseKubeconfigFile,
  expiryText,
  KubeconfigProblem,
  mergeKubeconfig,
  renewals,
  withoutStack,
} from "./kubeconfig-merge";
import { operate, type OperationFlags } from "./operate";
import { streamsFor } from "./output";
import { writePrivately } from "./write-privately";

/** The stack output that holds the kubeconfig, a secret. */
const kubeconfigOutput = "kubeconfig";

/** Options of `npm run kubeconfig`. */
export interface KubeconfigFlags extends OperationFlags {
  /** Where to; `-` for standard output. */
  readonly file: string;
  /** Puts it into the user's own kubeconfig instead, as a context of the stack's name. */
  readonly merge: boolean;
  /** Takes it out of there again. */
  readonly remove: boolean;
  /** Has k3s make its certificates anew first, the administrator's among them. */
  readonly rotate: boolean;
}

/**
 * The kubeconfig of an open stack, with an address that works from outside the board.
 *
 * @throws ExpectedError where the stack has none yet.
 */
export async function readKubeconfig(engine: Engine): Promise<string> {
  const found = await findKubeconfig(engine);
  if (found !== undefined) return found;
  throw new ExpectedError(
    `stack ${engine.stackName} has no kubeconfig: \`npm run up -- --stack ${engine.stackName}\` first`,
  );
}

async function findKubeconfig(engine: Engine): Promise<string | undefined> {
  const output = (await engine.stack.outputs())[kubeconfigOutput];
  return typeof output?.value === "string" ? output.value : undefined;
}

/** Writes the kubeconfig of a stack into a file that only its owner can read, or into the user's own, or takes it out of that. */
export async function writeKubeconfig(project: Project, flags: KubeconfigFlags): Promise<ExitCode> {
  if (flags.remove) return removeStack(flags);
  const { human, result } = streamsFor(flags);
  const toOutput = flags.file === "-" && !flags.merge;
  if (flags.rotate) {
    const rotated = await rotate(project, { ...flags, json: flags.json || toOutput });
    if (rotated !== exitCode.ok) return rotated;
  }
  const say = (text: string) => void (toOutput ? process.stderr : human).write(`${text}\n`);
  const options = { progress: terminalProgress(process.stderr), say, missing: "refuse", checkConfig: false } as const;
  const [text, values] = await Engine.open(project, flags.stack, options, (engine) =>
    // agents of another stack's server have certificates and no administrator
    Promise.all([flags.rotate ? findKubeconfig(engine) : readKubeconfig(engine), engine.configValues()]),
  );
  if (text === undefined) {
    if (flags.json) result.write("{}\n");
    else say(`stack ${flags.stack} has no kubeconfig; its server's stack has`);
    return exitCode.ok;
  }
  const expires = certificateExpiry(text);
  if (toOutput) {
    result.write(text);
  } else {
    const file = flags.merge
      ? changeOwnKubeconfig((existing) => mergeKubeconfig(existing, text, flags.stack)).file
      : resolve(startDirectory(), flags.file);
    if (!flags.merge) writePrivately(file, text);
    if (flags.json) result.write(`${JSON.stringify({ file, expires: expires?.toISOString() })}\n`);
    else if (flags.merge) say(`${file} has the context ${flags.stack}: kubectl --context ${flags.stack} get pods -A`);
    else say(`${file} (mode 0600): KUBECONFIG=${file} kubectl get pods -A`);
  }
  if (expires !== undefined && !flags.json) say(expiryText(expires, new Date(), distributionOf(values)));
  return exitCode.ok;
}

/**
 * An `up` in which each node's k3s makes its certificates anew, servers first, with the preview, the question and the roll-back of every other. The
 * state has the new kubeconfig afterwards.
 *
 * @throws ExpectedError for a cluster that k3s does not run.
 */
async function rotate(project: Project, flags: KubeconfigFlags): Promise<ExitCode> {
  const options = { progress: terminalProgress(process.stderr), say: () => undefined, missing: "refuse" } as const;
  const values = await Engine.open(project, flags.stack, { ...options, checkConfig: false }, (engine) =>
    engine.configValues(),
  );
  if (distributionOf(values) === "kubeadm")
    throw new ExpectedError(`kubeadm renews its certificates by hand: ${renewals.kubeadm}`);
  // for the provider, which the engine starts with this process's environment
  process.env[rotateVariable] = "1";
  try {
    return (await operate(project, "up", flags, false)).exitCode;
  } finally {
    process.env[rotateVariable] = "";
  }
}

/** The stack itself is not asked: it may be gone. */
function removeStack(flags: KubeconfigFlags): ExitCode {
  const { human, result } = streamsFor(flags);
  const { file, changed } = changeOwnKubeconfig((existing) =>
    existing === undefined ? undefined : withoutStack(existing, flags.stack),
  );
  if (flags.json) result.write(`${JSON.stringify({ file, changed })}\n`);
  else
    human.write(
      changed
        ? `${file}: the context ${flags.stack} is gone\n`
        : `${file} has no context ${flags.stack}: nothing to do\n`,
    );
  return exitCode.ok;
}

/** Changes the file that kubectl uses. `undefined` from `change` leaves it as it is. */
function changeOwnKubeconfig(change: (existing: string | undefined) => string | undefined): {
  readonly file: string;
  readonly changed: boolean;
} {
  const chosen = resolve(startDirectory(), chooseKubeconfigFile(process.env.KUBECONFIG, homedir(), existsSync));
  // many keep it elsewhere and link to it
  const file = existsSync(chosen) ? realpathSync(chosen) : chosen;
  return whileLocked(file, () => {
    const existing = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    try {
      const text = change(existing);
      if (text === undefined || text === existing) return { file, changed: false };
      writePrivately(file, text);
      return { file, changed: true };
    } catch (error) {
      if (error instanceof KubeconfigProblem) throw new ExpectedError(`${file} is left as it is: ${error.message}`);
      throw error;
    }
  });
}

/** Nothing else changes a kubeconfig meanwhile: kubectl takes the same lock (client-go, tools/clientcmd/loader.go). */
function whileLocked<T>(file: string, work: () => T): T {
  const lock = `${file}.lock`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(lock, "", { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new ExpectedError(
      `${file} is being changed by another program; where none runs any more, remove ${lock} and try again`,
    );
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** From where npm was called, not the project directory that npm changes to. */
function startDirectory(): string {
  return process.env.INIT_CWD ?? process.cwd();
}
