/**
 * `npm test`: everything that has to hold, from the cheapest check to whole stacks on the emulated board. Ends with `N passed, N failed`.
 *
 * Arguments: names of the parts to run (see `--help`); all of them without arguments.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { ensureGo, goEnvironment } from "../tools/go-toolchain";
import { terminalProgress } from "../tools/progress";

const root = join(__dirname, "..");

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What failed, a line each; what it said is where the part ran. */
  readonly failures?: readonly string[];
}

interface Part {
  readonly name: string;
  readonly about: string;
  run(execute: Execute): Promise<Count>;
}

/** Runs a command and resolves to its exit code. */
type Execute = (
  command: string,
  args: readonly string[],
  options?: { readonly cwd?: string; readonly env?: Record<string, string> },
) => Promise<number>;

/** @param show - gets what the command says, as it comes. */
function executing(show: (text: Buffer) => void): Execute {
  return (command, args, { cwd = root, env = {} } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}), ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stdout.on("data", show);
      child.stderr.on("data", show);
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
}

function program(name: string): string {
  return join(root, "node_modules/.bin", name);
}

/** A command that counts as one test. */
function check(name: string, about: string, command: string, args: readonly string[]): Part {
  return {
    name,
    about,
    run: async (execute) =>
      (await execute(program(command), args)) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 },
  };
}

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/** The failed tests of a report with the first line of the reason, and the files that failed as a whole. */
function failuresOf(files: z.infer<typeof report>["testResults"]): string[] {
  return files
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === "failed");
      const reasons =
        failed.length > 0
          ? failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0] ?? ""}`)
          : [message || "a hook failed"];
      return reasons.map((reason) => `${relative(root, name)}: ${reason.split("\n")[0]}`);
    });
}

/** Test files, counted by vitest itself. A file that does not even load counts as a failed test. */
function tests(name: string, about: string, args: readonly string[]): Part {
  return {
    name,
    about,
    async run(execute) {
      const directory = mkdtempSync(join(tmpdir(), "k3s-board-test-"));
      const file = join(directory, "report.json");
      const code = await execute(program("vitest"), [
        "run",
        // one line a test that takes its time, as it ends: whoever reads the log of a run that stood still sees where
        `--reporter=${args.includes("--project=unit") ? "default" : "verbose"}`,
        "--reporter=json",
        `--outputFile.json=${file}`,
        ...args,
      ]);
      try {
        const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = report.parse(
          JSON.parse(readFileSync(file, "utf8")),
        );
        const failed = numFailedTests > 0 ? numFailedTests : numFailedTestSuites > 0 || code !== 0 ? 1 : 0;
        return { passed: numPassedTests, failed, failures: failuresOf(testResults) };
      } catch {
        return { passed: 0, failed: 1 };
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  };
}

/**
 * Parts of a group run side by side: they use one processor each, or mostly wait for other machines or processes. The groups run one after the
 * other.
 */
const groups: readonly (readonly Part[])[] = [
  [
    check("types", "the TypeScript compiler", "tsc", ["-p", "."]),
    check("lint", "eslint", "eslint", ["."]),
    check("format", "prettier", "prettier", ["--check", "--log-level=warn", "."]),
  ],
  [tests("unit", "pure functions and component graphs", ["--project=unit"])],
  [
    {
      name: "launcher",
      about: "the emulator's launcher (go test)",
      async run(execute) {
        const go = await ensureGo(terminalProgress());
        const cwd = join(root, "emulator/launcher");
        const code = await execute(go, ["test", "./..."], { cwd, env: { ...goEnvironment(), GOOS: "linux" } });
        return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
      },
    },
  ],
  [
    tests("images", "images against a real registry", ["--project=system", "test/images"]),
    // each file has a system of its own and mostly waits for it
    tests("provider", "the provider against a real sshd and systemd", [
      "--project=system",
      "--fileParallelism",
      "--maxWorkers=2",
      "test/provider",
    ]),
    tests("property", "previews of generated changes, and what they touch", ["--project=system", "test/property"]),
    tests("engine", "the CLI against the real engine", ["--project=system", "test/engine"]),
    tests("page", "the doctor's page in a real browser", ["--project=system", "test/page"]),
    tests("emulator", "the emulated boards", ["--project=system", "test/emulator"]),
  ],
  // one cluster serves all tests there: behind one that failed nothing is to be learnt, and an `up` that waits in vain takes long
  [tests("stack", "whole stacks on the emulated board", ["--project=system", "--bail=1", "test/stack"])],
];
const parts = groups.flat();

/**
 * Runs a part and shows what it says: at once where it is `alone`, else when it has ended, in one piece.
 *
 * @returns what it came to, and the seconds it took.
 */
async function runPart(
  part: Part,
  alone: boolean,
): Promise<Count & { readonly name: string; readonly seconds: number }> {
  const started = Date.now();
  const heading = `\n--- ${part.name}: ${part.about}`;
  const said: Buffer[] = [];
  if (alone) console.log(heading);
  const count = await part.run(executing((text) => void (alone ? process.stdout.write(text) : said.push(text))));
  if (!alone) console.log(`${heading}\n${Buffer.concat(said).toString("utf8")}`);
  return { name: part.name, ...count, seconds: (Date.now() - started) / 1000 };
}

async function main(): Promise<void> {
  const command = new Command("npm test --")
    .description("Runs the tests, all of them or the named parts.")
    .argument("[parts...]", parts.map(({ name, about }) => `${name}: ${about}`).join("\n"))
    .parse();
  const wanted = command.args;
  const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0)
    command.error(`no such part: ${unknown.join(", ")} (there are: ${parts.map(({ name }) => name).join(", ")})`, {
      exitCode: 2,
    });
  const total = { passed: 0, failed: 0 };
  const lines: string[] = [];
  for (const group of groups) {
    const chosen = group.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    for (const { name, passed, failed, seconds, failures = [] } of await Promise.all(
      chosen.map((part) => runPart(part, chosen.length === 1)),
    )) {
      total.passed += passed;
      total.failed += failed;
      lines.push(`${name.padEnd(10)} ${passed} passed, ${failed} failed, ${seconds.toFixed(0)} s`);
      // here again: what a part said may be long ago, and of a long log often only the end is kept
      for (const failure of failures) lines.push(`${"".padEnd(10)} ${failure}`);
    }
  }
  // not of the form of the last line, which is the one that is counted
  console.log(`\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

void main();
