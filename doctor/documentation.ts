import { entryOf, type DiagnosisId } from "./catalogue";

/** How a diagnosis was tested. */
export interface Tested {
  /** Emulated boards were broken so, and mended. */
  readonly provoked: ReadonlySet<string>;
  /** It is found in what a real k3s printed. */
  readonly captured: ReadonlySet<string>;
}

const heading = ["finding", "severity", "tested on", "sentence", "remedy"];
const cell = (text: string) => text.replaceAll("|", "\\|");

/** How a diagnosis was tested, in the table's words. */
export function testedOn(id: DiagnosisId, { provoked, captured }: Tested): string {
  const ways = [...(provoked.has(id) ? ["provoked"] : []), ...(captured.has(id) ? ["a capture"] : [])];
  return ways.length === 0 ? "by hand" : ways.join(", ");
}

/** The table of all diagnoses, as Markdown. */
export function findingsTable(ids: readonly DiagnosisId[], tested: Tested): string {
  const rows = ids.map((id) => {
    const { severity, sentence, remedy, kubeadmRemedy } = entryOf(id);
    const mends = kubeadmRemedy === undefined ? remedy : `${remedy}. On a node of kubeadm: ${kubeadmRemedy}`;
    return [`\`${id}\``, severity, testedOn(id, tested), `\`${cell(sentence)}\``, cell(mends)];
  });
  return [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/**
 * A page with its table of findings made anew; the rest stays as it is.
 *
 * @throws Error for a page without that table.
 */
export function withTable(page: string, table: string): string {
  const old = /^\| finding .*\n(?:\|.*\n)*/m;
  if (!old.test(page)) throw new Error("the page has no table of findings");
  return page.replace(old, () => `${table}\n`);
}
