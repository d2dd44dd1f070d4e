import type { SettingKind, Texts } from "../kind";

const key = "proxy";
export const dnfFile = "/etc/dnf/dnf.conf";

/** Lines of the section `[main]`: from its heading up to the next one. */
function mainSection(lines: readonly string[]): { from: number; to: number } | undefined {
  const from = lines.findIndex((line) => line.trim() === "[main]");
  if (from < 0) return undefined;
  const next = lines.findIndex((line, index) => index > from && line.startsWith("["));
  return { from, to: next < 0 ? lines.length : next };
}

const isProxy = (line: string) => /^proxy\s*=/.test(line);

/** The proxy that dnf.conf(5) names for all repositories; `undefined` where it names none. */
export function parseDnfProxy(text: string): string | undefined {
  const lines = text.split("\n");
  const section = mainSection(lines);
  const line = section && lines.slice(section.from, section.to).findLast(isProxy);
  return line?.slice(line.indexOf("=") + 1).trim();
}

/** The text with another proxy; without one the line goes. */
export function editDnfProxy(text: string, proxy: string | undefined): string {
  const lines = text.split("\n");
  const section = mainSection(lines);
  if (section === undefined) return proxy === undefined ? text : `[main]\nproxy=${proxy}\n${text}`;
  const { from, to } = section;
  const rest = lines.slice(from + 1, to).filter((line) => !isProxy(line));
  return [
    ...lines.slice(0, from + 1),
    ...(proxy === undefined ? [] : [`proxy=${proxy}`]),
    ...rest,
    ...lines.slice(to),
  ].join("\n");
}

/** The proxy of dnf, which has no directory for files of others. Every user may read its file: a login does not belong there. */
export const dnfProxy: SettingKind = {
  noun: "dnf",
  problems: (values) =>
    /^https?:\/\/[^\s@]+$/.test(values[key] ?? "")
      ? []
      : [
          {
            property: `values.${key}`,
            reason: `must be an address without a login: every user of the board may read ${dnfFile}`,
          },
        ],
  files: [dnfFile],
  look: () => "",
  running: (keys, seen) => dnfProxy.boot(keys, seen),
  boot: (_keys, { files }) => {
    const proxy = parseDnfProxy(files[dnfFile] ?? "");
    const values: Record<string, string> = proxy === undefined ? {} : { [key]: proxy };
    return values;
  },
  edit: (wanted, _ours, { files, originals }) => {
    const text = files[dnfFile] ?? null;
    const goal = wanted[key] ?? parseDnfProxy(originals[dnfFile] ?? "");
    if ((text === null && wanted[key] === undefined) || parseDnfProxy(text ?? "") === goal) return {};
    const changed: Texts = { [dnfFile]: editDnfProxy(text ?? "", goal) };
    return changed;
  },
  apply: () => "",
  restore: () => "",
};
