import type { Board } from "../../provider/ssh/board";
import { askApi, kubeconfigs, type ApiAnswers } from "./api";
import { redaction, secretsOfEnvironment, secretsOfYaml } from "./redaction";
import { sectionFragment, type Answer } from "./section";
import { sections, slowSections, type SectionName } from "./sections";
import { filesIn } from "../read/shown-files";

/** What was heard of a board, without secrets. */
export interface Gathered {
  /** `user@host:port`. */
  readonly board: string;
  /** When, by this machine's clock: milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds from the first question to the last answer of the board's shell. */
  readonly took: number;
  readonly answers: Readonly<Record<SectionName, Answer>>;
  readonly api: ApiAnswers;
}

const names = Object.keys(sections) as SectionName[];
/** Asked first, together, because they are quick: where the connection breaks later, they are there. */
const quick = names.filter((name) => !slowSections.has(name));
const slow = names.filter((name) => slowSections.has(name));

/**
 * Asks a board everything that diagnoses want to know: a batch of what is quick, then another beside the questions to the API server. Changes
 * nothing on the board. What does not answer is part of the result, and so is what was not answered any more when the connection broke.
 *
 * @param secrets - secrets of the connection, to be kept out of the result.
 * @throws BoardError where the board cannot be reached, or the connection breaks before anything was answered.
 */
export async function gather(board: Board, secrets: readonly string[] = []): Promise<Gathered> {
  const started = Date.now();
  const files = kubeconfigs.map((path) => board.file(path));
  // together: where the board cannot be reached, all of them fail, and each has to be waited for
  const [first, read] = await Promise.all([
    Promise.all(quick.map((name) => question(board, name))),
    Promise.all(files),
  ]);
  const kubeconfig = read.find((file) => file.kind === "file" && file.content !== undefined);
  const text = kubeconfig?.kind === "file" ? kubeconfig.content?.toString("utf8") : undefined;
  // the rest may stay away
  const [second, api] = await Promise.all([
    Promise.all(
      slow.map((name) => question(board, name).catch((error: unknown) => [name, unanswered(error)] as const)),
    ),
    text === undefined
      ? ({ trouble: "there is no administrator's kubeconfig on the board: an agent has none" } satisfies ApiAnswers)
      : askApi(board, text),
  ]);
  const at = Date.now();
  const raw = Object.fromEntries([...first, ...second]) as Record<SectionName, Answer>;
  const redact = redaction([...secrets, ...knownSecrets(raw), ...(text === undefined ? [] : secretsOfYaml(text))]);
  const answers = Object.fromEntries(
    names.map((name) => {
      const { text, error, ...rest } = raw[name];
      return [name, { ...rest, text: redact(text, name.endsWith("-files")), error: redact(error) }];
    }),
  ) as Record<SectionName, Answer>;
  // the API's objects are texts until they are cut down to what is needed of them
  return {
    board: board.label,
    at,
    took: at - started,
    answers,
    api: JSON.parse(redactJson(api, redact)) as ApiAnswers,
  };
}

async function question(board: Board, name: SectionName): Promise<readonly [SectionName, Answer]> {
  const { code, stdout, stderr } = await board.ask(`doctor ${name}`, sectionFragment(sections[name]));
  return [name, { code, text: stdout, error: stderr.trim().split("\n").at(-1) ?? "" }];
}

/** What stands in for an answer that did not come any more. */
function unanswered(error: unknown): Answer {
  return { code: 1, text: "", error: error instanceof Error ? error.message : String(error), unanswered: true };
}

/** Secrets in the board's own configuration of k3s. */
function knownSecrets(raw: Readonly<Record<SectionName, Answer>>): string[] {
  return filesIn(raw["k3s-files"].text).flatMap(({ path, text }) =>
    /\.ya?ml$/.test(path) ? secretsOfYaml(text) : secretsOfEnvironment(text),
  );
}

function redactJson(value: unknown, redact: (text: string) => string): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "string" ? redact(member) : member));
}
