import { quote } from "../../ssh/shell";
import { ownFile, parseLines, pick, type SettingKind, type Values } from "../kind";

/** Sorts behind every usual name, and the last file wins (sysctl.d(5)). */
export const sysctlFile = "/etc/sysctl.d/99-zz-k3s-board.conf";

/** Where a sysctl is below /proc/sys: dots are slashes, and a slash in the name of a network interface stays a dot (sysctl.d(5)). */
export function sysctlPath(key: string): string {
  return `/proc/sys/${key.replace(/[./]/g, (sign) => (sign === "." ? "/" : "."))}`;
}

/** A value as it compares: the kernel writes tabs between the numbers of a range. */
export function normalised(value: string): string {
  return value.trim().split(/\s+/).join(" ");
}

/** The values of a sysctl.d file. The last line for a key wins; a dash in front only says that an error does not matter. */
export function parseSysctlFile(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => !/^\s*[#;]/.test(line));
  return Object.fromEntries(
    Object.entries(parseLines(lines.join("\n"))).map(([key, value]) => [key.replace(/^-/, ""), normalised(value)]),
  );
}

/** The text of a sysctl.d file. */
export function sysctlFileText(values: Values): string {
  return Object.keys(values)
    .sort()
    .map((key) => `${key} = ${values[key]}\n`)
    .join("");
}

function writes(values: Values, orElse: (key: string) => string): string {
  return Object.entries(values)
    .map(([key, value]) => `printf '%s\\n' ${quote(value)} >${quote(sysctlPath(key))} ${orElse(key)}`)
    .join("\n");
}

/** Kernel parameters of /proc/sys, now and at boot. */
export const sysctls: SettingKind = {
  noun: "sysctl",
  problems: (values) =>
    Object.entries(values).flatMap(([key, value]) => [
      ...(/^[a-z0-9_]+([./][A-Za-z0-9_@:-]+)+$/.test(key)
        ? []
        : [{ property: `values.${key}`, reason: "must be the name of a sysctl, such as net.ipv4.ip_forward" }]),
      ...(value === normalised(value) && value !== ""
        ? []
        : [{ property: `values.${key}`, reason: "must be a value of one line, without spaces at its ends" }]),
    ]),
  files: [sysctlFile],
  look: (keys) =>
    keys
      .map(
        (key) =>
          `[ ! -r ${quote(sysctlPath(key))} ] || printf '%s=%s\\n' ${quote(key)} "$(cat ${quote(sysctlPath(key))})"`,
      )
      .join("\n"),
  running: (keys, { output }) =>
    pick(Object.fromEntries(Object.entries(parseLines(output)).map(([key, value]) => [key, normalised(value)])), keys),
  boot: (keys, { files }) => pick(parseSysctlFile(files[sysctlFile] ?? ""), keys),
  edit: (wanted, _ours, seen) =>
    ownFile(sysctlFile, Object.keys(wanted).length === 0 ? undefined : sysctlFileText(wanted), seen),
  apply: (values) =>
    Object.keys(values)
      .map(
        (key) =>
          `[ -e ${quote(sysctlPath(key))} ] || fail ${quote(`the kernel has no sysctl ${key}: it may need a module, which belongs into kernelModules`)}\n`,
      )
      .join("") + writes(values, (key) => `|| fail ${quote(`sysctl ${key} does not take its value`)}`),
  restore: (before) => writes(before, () => "2>/dev/null"),
};
