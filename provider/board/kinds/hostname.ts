import { quote } from "../../ssh/shell";
import { ownFile, type SettingKind } from "../kind";

export const hostnameFile = "/etc/hostname";
const key = "hostname";

/** First line of /etc/hostname that is no comment (hostname(5)). */
export function parseHostname(text: string): string {
  return (
    text
      .split("\n")
      .map((line) => line.trim())
      .find((line) => line !== "" && !line.startsWith("#")) ?? ""
  );
}

function set(name: string): string {
  // hostnamectl needs the bus and writes the file itself, not atomically; the kernel's own file is read-only in a container.
  return `{ printf '%s\\n' ${quote(name)} >/proc/sys/kernel/hostname; } 2>/dev/null || hostname ${quote(name)}`;
}

/** The board's name, now and at boot. */
export const hostname: SettingKind = {
  noun: "",
  problems: (values) =>
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(values[key] ?? "")
      ? []
      : [{ property: `values.${key}`, reason: "must be a host name of lower-case letters, digits and dashes" }],
  files: [hostnameFile],
  look: () => `read -r h </proc/sys/kernel/hostname; echo "$h"`,
  running: (_keys, { output }) => ({ [key]: output.trim() }),
  boot: (_keys, { files }) => ({ [key]: parseHostname(files[hostnameFile] ?? "") }),
  edit: (wanted, _ours, seen) => {
    const name = wanted[key];
    if (name !== undefined && parseHostname(seen.files[hostnameFile] ?? "") === name) return {};
    return ownFile(hostnameFile, name === undefined ? undefined : `${name}\n`, seen);
  },
  apply: (values) => `${set(values[key] ?? "")} || fail "the host name cannot be set"`,
  restore: (before) => (before[key] === undefined ? "" : set(before[key])),
};
