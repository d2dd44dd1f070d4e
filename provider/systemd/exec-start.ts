import { lineDiff } from "../files/line-diff";
import { isUnitFile } from "./schema";

/** A unit or drop-in as systemd reads it. */
export interface UnitText {
  readonly path: string;
  readonly text: string;
}

/** What `systemctl cat` prints: each file behind a line `# <path>`. Reads them in the order of systemd: the unit, then its drop-ins. */
export function parseUnitTexts(output: string): UnitText[] {
  const found: { path: string; lines: string[] }[] = [];
  for (const line of output.split("\n")) {
    const path = /^# (\/\S+\.(?:service|conf))$/.exec(line)?.[1];
    if (path !== undefined) found.push({ path, lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found.map(({ path, lines }) => ({ path, text: lines.join("\n") }));
}

/**
 * The texts of a unit with ours in their places. Drop-ins apply by name wherever they lie, and one in `/etc` hides its namesake elsewhere
 * (systemd.unit(5)).
 *
 * @param others - what is there, whoever's it is.
 * @param gone - paths of ours that are taken away.
 */
export function withOurs(
  others: readonly UnitText[],
  ours: readonly UnitText[],
  gone: readonly string[] = [],
): UnitText[] {
  const isDropIn = ({ path }: UnitText) => path.endsWith(".conf");
  const name = ({ path }: UnitText) => path.slice(path.lastIndexOf("/") + 1);
  const own = ours.filter(({ path }) => isUnitFile(path));
  const names = new Set(own.map(name));
  const left = others.filter((one) => !names.has(name(one)) && !gone.includes(one.path));
  const all = [...left, ...own];
  const byName = (a: UnitText, b: UnitText) => (name(a) < name(b) ? -1 : 1);
  return [...all.filter((one) => !isDropIn(one)), ...all.filter(isDropIn).sort(byName)];
}

/** Words of the commands that the service starts with: an empty `ExecStart=` resets what was before it. */
export function execStart(texts: readonly UnitText[]): string[][] {
  let commands: string[][] = [];
  for (const { text } of texts) {
    let isService = false;
    for (const line of text.replace(/\\\n/g, " ").split("\n")) {
      const section = /^\[(\w+)\]/.exec(line)?.[1];
      if (section !== undefined) isService = section === "Service";
      const value = /^ExecStart\s*=(.*)$/.exec(line)?.[1]?.trim();
      if (!isService || value === undefined) continue;
      commands = value === "" ? [] : [...commands, value.split(/\s+/)];
    }
  }
  return commands;
}

/** Flags whose value k3s itself hides where it shows its arguments, and those like them. */
const secretFlag =
  /^--?(?:t|token|agent-token|cluster-secret|datastore-endpoint|etcd-s3-access-key|etcd-s3-secret-key|etcd-s3-session-token|vpn-auth)(?:$|=)/;

/** The words of a command without its secrets. */
function masked(words: readonly string[]): string[] {
  return words.map((word, index) => {
    if (secretFlag.test(word) && word.includes("=")) return `${word.slice(0, word.indexOf("="))}=***`;
    return secretFlag.test(words[index - 1] ?? "") && !(words[index - 1] ?? "").includes("=") ? "***" : word;
  });
}

/** The command before and after, a word a line; nothing where it stays. */
export function execStartNotes(service: string, before: readonly UnitText[], after: readonly UnitText[]): string[] {
  const shown = (texts: readonly UnitText[]) =>
    execStart(texts)
      .map((words) => `${masked(words).join("\n")}\n`)
      .join("");
  const lines = lineDiff(shown(before), shown(after));
  return lines.length === 0 ? [] : [`ExecStart of ${service}, as systemd will have it:\n${lines.join("\n")}`];
}
