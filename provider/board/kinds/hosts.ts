import { pick, type SettingKind, type Texts, type Values } from "../kind";

export const hostsFile = "/etc/hosts";
const begin = "# begin k3s-board";
const end = "# end k3s-board";

interface Parts {
  /** What is before and behind our block, or all and nothing. */
  readonly above: string;
  readonly below: string;
  readonly block: string | undefined;
}

function split(text: string): Parts {
  const from = text.startsWith(`${begin}\n`) ? 0 : text.indexOf(`\n${begin}\n`) + 1;
  if (from === 0 && !text.startsWith(`${begin}\n`)) return { above: text, below: "", block: undefined };
  const close = text.indexOf(`${end}\n`, from);
  // A block whose end somebody took away holds the lines up to the first empty one.
  const stop = close >= 0 ? close + end.length + 1 : text.indexOf("\n\n", from) + 1 || text.length;
  return { above: text.slice(0, from), below: text.slice(stop), block: text.slice(from, stop) };
}

/** The entries of our block: each address with its names, separated by a space. */
export function parseHostsBlock(text: string): Record<string, string> {
  const lines = (split(text).block ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const [address = "", ...names] = line.trim().split(/\s+/);
      return [address, names.join(" ")];
    }),
  );
}

/**
 * The text with a block of these entries, in the place where one is, else at the end. Without entries the block goes. Adding and removing gives
 * the same bytes, but for the newline that the last line had lacked.
 */
export function editHosts(text: string, entries: Values): string {
  const { above, below, block } = split(text);
  const addresses = Object.keys(entries).sort();
  if (addresses.length === 0) return above + below;
  const lines = addresses.map((address) => `${address} ${entries[address]}\n`).join("");
  const newline = block === undefined && above !== "" && !above.endsWith("\n") ? "\n" : "";
  return `${above}${newline}${begin}\n${lines}${end}\n${below}`;
}

/** Names of hosts in a block of their own in /etc/hosts. Read anew at each look-up, so there is nothing to apply. */
export const hosts: SettingKind = {
  noun: "host",
  problems: (values) =>
    Object.entries(values).flatMap(([address, names]) => [
      ...(/^[0-9a-fA-F.:]+(%[\w.-]+)?$/.test(address)
        ? []
        : [{ property: `values.${address}`, reason: "must be an IP address" }]),
      ...(/^[\w.-]+( [\w.-]+)*$/.test(names)
        ? []
        : [{ property: `values.${address}`, reason: "must be names of hosts, separated by a space" }]),
    ]),
  files: [hostsFile],
  look: () => "",
  running: (keys, seen) => hosts.boot(keys, seen),
  boot: (keys, { files }) => pick(parseHostsBlock(files[hostsFile] ?? ""), keys),
  edit: (wanted, _ours, { files }) => {
    const text = files[hostsFile] ?? "";
    const edited = editHosts(text, wanted);
    const changed: Texts = edited === text ? {} : { [hostsFile]: edited };
    return changed;
  },
  apply: () => "",
  restore: () => "",
};
