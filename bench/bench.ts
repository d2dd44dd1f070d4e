/**
 * `npm run bench`: what this program does with images against buildah and skopeo, on the same machine in the same run.
 *
 * Arguments: names of the comparisons (see `--help`); all of them without arguments.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { architectures, type Architecture } from "../components/board/architecture";
import { buildImage } from "../components/images/build";
import { moduleBuild } from "../components/images/go-program";
import { linux } from "../components/images/image";
import { resolveImageSource } from "../components/images/config";
import { RegistryClient } from "../provider/registry/client";
import { readLayout } from "../provider/registry/layout";
import { pushImage } from "../provider/registry/push";
import { buildGo } from "../tools/go";
import { terminalProgress, type Progress } from "../tools/progress";
import { samplePlace, type BenchCase, type Ground } from "./bench-case";
import { BenchRegistry } from "./bench-registry";
import { benchCases } from "./cases";
import { coredns } from "./coredns";
import { freshCache, runJob } from "./ours";
import { reportText, Rows, spread, verdicts, type Row } from "./report";
import { writeSampleImage } from "./sample-image";
import { prepareTheirs, withoutTraces, writeContext } from "./theirs";

interface Options {
  readonly arch: Architecture;
  readonly runs: number;
  readonly json: boolean;
}

async function bench(cases: readonly BenchCase[], { arch, runs, json }: Options): Promise<void> {
  const progress = terminalProgress();
  const versions = await prepareTheirs(progress);
  const directory = await mkdtemp(join(tmpdir(), "k3s-board-bench-"));
  const before = loadavg();
  const rows = new Rows();
  try {
    await withoutTraces(() =>
      BenchRegistry.with(async (source) => {
        const ground = await prepare(source, arch, directory, progress);
        for (const benchCase of cases) await compare(benchCase, ground, { runs, rows, directory, progress });
      }),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const machine = {
    processors: cpus().length,
    memoryBytes: totalmem(),
    node: process.versions.node,
    ...versions,
    loadBefore: before,
    loadAfter: loadavg(),
  };
  const sorted = rows.sorted();
  process.stdout.write(
    json
      ? `${JSON.stringify({ machine, runs, comparisons: sorted.map(document), verdicts: verdicts(sorted) }, undefined, 2)}\n`
      : `${reportText(sorted)}\n\n${describe(machine, runs)}\n`,
  );
}

/** Everything that is the same for both sides and not measured. */
async function prepare(
  source: BenchRegistry,
  architecture: Architecture,
  directory: string,
  progress: Progress,
): Promise<Ground> {
  const platform = linux(architecture);
  const image = resolveImageSource(coredns);
  if (image.kind !== "goModule") throw new Error("CoreDNS is built from a Go module");
  const context = join(directory, "context");
  await writeContext(context);
  const program = await buildGo(await moduleBuild(image, architecture, progress), progress);
  await copyFile(program.path, join(context, "coredns"));
  await buildImage(coredns, architecture, progress);
  const { sample, layers } = await progress.step("making the image of 200 MB", async (note) => {
    const made = await writeSampleImage(directory, platform);
    const layout = await readLayout(made.directory);
    const client = new RegistryClient({ url: source.url }, note);
    await pushImage(client, layout, samplePlace).finally(() => client.close());
    return { sample: made, layers: layout.layers.map(({ digest }) => digest) };
  });
  await progress.step("starting our program once", async () => {
    const place = await mkdtemp(join(directory, "load-"));
    await runJob({ kind: "load" }, { directory: place, cache: await freshCache(place), registries: [] });
  });
  return { platform, source, sample, layers, context };
}

/** Runs both sides of a comparison in turn, the first one first every other time. */
async function compare(
  benchCase: BenchCase,
  ground: Ground,
  { runs, rows, directory, progress }: { runs: number; rows: Rows; directory: string; progress: Progress },
): Promise<void> {
  const { name, about } = benchCase;
  await progress.step(`${name}: ${about}`, async (note) => {
    for (let run = 0; run < runs; run++) {
      const sides = ["ours", "theirs"] as const;
      for (const side of run % 2 === 0 ? sides : [...sides].reverse()) {
        note(`run ${run + 1} of ${runs}, ${side}`);
        const place = await mkdtemp(join(directory, `${name}-`));
        try {
          await benchCase[side](ground, place, rows.recorder(name));
        } finally {
          await rm(place, { recursive: true, force: true });
        }
      }
    }
  });
}

function document({ name, phase, way, side, partial, costs }: Row): object {
  return { name, phase, way, side, partial, seconds: spread(costs.map(({ seconds }) => seconds)), costs };
}

function describe(machine: { processors: number; loadBefore: number[]; loadAfter: number[] }, runs: number): string {
  const load = (numbers: number[]) => numbers.map((number) => number.toFixed(1)).join(" ");
  return (
    `${runs} runs of each side in turn, medians; ${machine.processors} processors; ` +
    `load average before ${load(machine.loadBefore)}, after ${load(machine.loadAfter)}`
  );
}

async function main(): Promise<void> {
  const command = new Command("npm run bench --")
    .description("Measures audit, build and mirror against buildah and skopeo, on this machine in one run.")
    .argument("[names...]", benchCases.map(({ name, about }) => `${name}: ${about}`).join("\n"))
    .option("--runs <number>", "runs of each side", "5")
    .option("--arch <architecture>", `the board's architecture: ${architectures.join(", ")}`, "riscv64")
    .option("--json", "one document on standard output", false)
    .addHelpText("after", "\nExit codes: 0 measured, however fast; 1 something broke; 2 wrong options.")
    .exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : 2))
    .parse();
  const { runs: runsText, arch, json } = command.opts<{ runs: string; arch: string; json: boolean }>();
  const runs = Number(runsText);
  if (!Number.isInteger(runs) || runs < 1) command.error(`--runs ${runsText}: expected a whole number from 1 on`);
  const architecture = architectures.find((name) => name === arch);
  if (!architecture) return command.error(`--arch ${arch}: expected one of ${architectures.join(", ")}`);
  const unknown = command.args.filter((name) => !benchCases.some((known) => known.name === name));
  if (unknown.length > 0) command.error(`no such comparison: ${unknown.join(", ")}; --help lists them`);
  const wanted = benchCases.filter(({ name }) => command.args.length === 0 || command.args.includes(name));
  await bench(wanted, { arch: architecture, runs, json });
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
