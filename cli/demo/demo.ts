import { z } from "zod";
import { connectionFor } from "../../components/board/connection";
import { clusterSetting } from "../../components/k3s/configuration";
import { upBoard } from "../../emulator/board";
import { queryDns } from "../../provider/kubernetes/dns";
import { connectionArgs } from "../../provider/ssh/connection-args";
import { SshBoard } from "../../provider/ssh/connection";
import { parseStackConfig, type StackConfig } from "../../stacks/config";
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
import { imagesOnBoard, imageTable, lookAtCluster, nodeTable, podTable } from "./cluster";
import { nextSteps } from "./next-steps";

const builtImages = z.record(z.string(), z.string());

/** What the demo needs from the stack once it is up. */
interface DemoStack {
  readonly config: StackConfig;
  readonly kubeconfig: string;
  /** Digest of each image that was built, by its name in the cluster. */
  readonly images: Readonly<Record<string, string>>;
}

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
    config: parseStackConfig(await engine.configValues()),
    kubeconfig: await readKubeconfig(engine),
    images: builtImages.parse((await engine.stack.outputs()).images?.value),
  }));
}

/** Shows node, pods, images and a DNS answer. @throws ExpectedError where DNS does not answer. */
async function show(stack: DemoStack, board: SshBoard, say: (text: string) => void): Promise<void> {
  const [cluster, images] = await Promise.all([lookAtCluster(stack.kubeconfig), imagesOnBoard(board)]);
  say(`${nodeTable(cluster.nodes)}\n`);
  say(`${podTable(cluster.pods, images, new Set(Object.values(stack.images)))}\n`);
  say(`${imageTable(stack.images, images)}\n`);

  const server = clusterSetting(stack.config.k3s, "cluster-dns");
  const name = `kubernetes.default.svc.${clusterSetting(stack.config.k3s, "cluster-domain")}`;
  const answer = await queryDns(board, server, name);
  if (answer.addresses.length === 0)
    throw new ExpectedError(`${server} answered ${answer.rcode} for ${name}: no address`);
  say(`  ${name} is ${answer.addresses.join(", ")}, says ${server} (CoreDNS, asked through the cluster DNS address)`);
}
