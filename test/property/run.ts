/**
 * `npm run test:preview`: generated changes of a stack on a board of its own, each previewed, carried out and compared: what the preview tells
 * is what `up` touches, and a second `up` has nothing to do.
 *
 * A run is named by its seed. `--from` goes on where another one ended: the board gets the configuration of that step first.
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { type Architecture, architectures } from "../../components/board/architecture";
import { startPropertyBoard } from "./board";
import { checkStep } from "./check";
import { configurationAfter, stepsOf } from "./edits";
import { PropertyStack } from "./stack";

const whole = (text: string) => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number, please");
  return Number(text);
};

async function main(): Promise<number> {
  const { seed, runs, from, arch } = new Command("npm run test:preview --")
    .description("Compares what previews tell with what is touched, for generated changes.")
    .option("--seed <number>", "which changes; the same number makes the same ones", whole, Date.now() % 1_000_000)
    .option("--runs <number>", "how many changes in all", whole, 200)
    .option("--from <number>", "the change to begin with, counted from 1", whole, 1)
    .addOption(
      new Option("--arch <architecture>", "on an emulated board; without it in a container").choices(architectures),
    )
    .parse()
    .opts<{ seed: number; runs: number; from: number; arch?: Architecture }>();
  const steps = stepsOf(seed, runs);
  const begun = Date.now();
  console.log(`seed ${seed}, changes ${from} to ${runs}`);
  const stack = await PropertyStack.on(await startPropertyBoard("property", arch));
  const counts = { changes: 0, touching: 0, wrong: 0 };
  try {
    if (from > 1) await stack.pass("up", configurationAfter(steps.slice(0, from - 1)));
    for (let index = from - 1; index < runs; index += 1) {
      const step = steps[index];
      if (!step) break;
      const at = Date.now();
      const { mismatches, story, touched } = await checkStep(
        stack,
        step,
        configurationAfter(steps.slice(0, index + 1)),
      ).catch((error: unknown) => ({
        mismatches: [String(error)],
        story: [
          ...step.drifts.map(({ what }) => `by hand: ${what}`),
          ...step.edits.map((edit) => JSON.stringify(edit)),
        ],
        touched: true,
      }));
      counts.changes += 1;
      counts.touching += touched ? 1 : 0;
      counts.wrong += mismatches.length > 0 ? 1 : 0;
      const seconds = ((Date.now() - at) / 1000).toFixed(1);
      console.log(`${index + 1}: ${mismatches.length === 0 ? "true" : "NOT TRUE"}, ${seconds} s`);
      if (mismatches.length > 0) console.log([...mismatches, ...story].map((line) => `  ${line}`).join("\n"));
    }
  } finally {
    await stack.end();
  }
  const minutes = ((Date.now() - begun) / 60_000).toFixed(1);
  console.log(
    `${counts.changes} changes, ${counts.touching} of them touched something, ${counts.wrong} mismatches, ${minutes} min`,
  );
  if (counts.wrong > 0) console.log(`again: npm run test:preview -- --seed ${seed} --runs ${runs} --from <change>`);
  return counts.wrong === 0 ? 0 : 1;
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
