import type { Board } from "../../provider/ssh/board";
import { askApi, kubeconfigs, type ApiAnswers } from "./api";
import { redaction, secretsOfEnvironment, secretsOfYaml } from "./redaction";
import { sectionFragment, type Answer } from "./section";
import { sections, type SectionName } from "./sections";
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

/**
 * Asks a board everything that diagnoses want to know: one batch of sections, then the API server. Changes nothing on the board. What does not
 * answer is part of the result.
 *
 * @param secrets - secrets of the connection, to be kept out of the result.
 * @throws BoardError where the board cannot be reached, or the connection breaks twice before it has answered.
 */
export async function gather(board: Board, secrets: readonly string[] = []): Promise<Gathered> {
  const started = Date.now();
  const questions = names.map((name) => board.ask(`doctor ${name}`, sectionFragment(sections[name])));
  const files = kubeconfigs.map((path) => board.file(path));
  // together: where the board cannot be reached, all of them fail, and each has to be waited for
  const [results, read] = await Promise.all([Promise.all(questions), Promise.all(files)]);
  const at = Date.now();
  const raw = Object.fromEntries(
    names.map((name, index) => {
      const { code = 1, stdout = "", stderr = "" } = results[index] ?? {};
      return [name, { code, text: stdout, error: stderr.trim().split("\n").at(-1) ?? "" }];
    }),
  ) as Record<SectionName, Answer>;
  const kubeconfig = read.find((file) => file.kind === "file" && file.content !== undefined);
  const text = kubeconfig?.kind === "file" ? kubeconfig.content?.toString("utf8") : undefined;
  const api: ApiAnswers =
    text === undefined
      ? { trouble: "there is no administrator's kubeconfig on the board: an agent has none" }
      : await askApi(board, text);
  const redact = redaction([...secrets, ...knownSecrets(raw), ...(text === undefined ? [] : secretsOfYaml(text))]);
  const answers = Object.fromEntries(
    names.map((name) => {
      const { code, text, error } = raw[name];
      return [name, { code, text: redact(text, name.endsWith("-files")), error: redact(error) }];
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

/** Secrets in the board's own configuration of k3s. */
function knownSecrets(raw: Readonly<Record<SectionName, Answer>>): string[] {
  return filesIn(raw["k3s-files"].text).flatMap(({ path, text }) =>
    /\.ya?ml$/.test(path) ? secretsOfYaml(text) : secretsOfEnvironment(text),
  );
}

function redactJson(value: unknown, redact: (text: string) => string): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "string" ? redact(member) : member));
}
