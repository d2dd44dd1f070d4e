import { ownFile, type Seen, type SettingKind } from "../kind";

const key = "selinux";
/** Read once, when the system boots (selinux(8)). */
export const selinuxFile = "/etc/selinux/config";
/** `1` enforces, `0` only logs; not there where SELinux is off. */
const enforceFile = "/sys/fs/selinux/enforce";

const states = ["permissive", "disabled"] as const;

/** The state that the configuration names; `undefined` where it names none. The last line wins. */
export function parseSelinux(text: string): string | undefined {
  return [...text.matchAll(/^\s*SELINUX\s*=\s*(\w+)\s*$/gm)].at(-1)?.[1]?.toLowerCase();
}

/** The configuration with another state. */
export function editSelinux(text: string, state: string): string {
  if (parseSelinux(text) === state) return text;
  const line = /^\s*SELINUX\s*=.*$/gm;
  if (text.search(line) >= 0) return text.replace(line, `SELINUX=${state}`);
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}SELINUX=${state}\n`;
}

/** What the running kernel does: `enforcing`, `permissive`, `disabled`. */
function runningState({ output }: Seen): string {
  const said = output.trim();
  return said === "1" ? "enforcing" : said === "0" ? "permissive" : "disabled";
}

function bootState({ files }: Seen): string {
  const text = files[selinuxFile] ?? null;
  return text === null ? "disabled" : (parseSelinux(text) ?? "disabled");
}

/** SELinux: `permissive` or `disabled`. `disabled` is permissive until the next boot: the kernel does not give it up while it runs. */
export const selinux: SettingKind = {
  noun: "",
  problems: (values) =>
    states.some((state) => state === values[key])
      ? []
      : [{ property: `values.${key}`, reason: `must be ${states.join(" or ")}` }],
  files: [selinuxFile],
  look: () => `if [ -r ${enforceFile} ]; then cat ${enforceFile}; fi`,
  running: (_keys, seen) => {
    const [running, boot] = [runningState(seen), bootState(seen)];
    // What only a boot changes is as it will be: off for a configuration that is to be off, and on for one that is off still.
    const isFar = (running === "permissive" && boot === "disabled") || running === "disabled";
    return { [key]: isFar ? boot : running };
  },
  boot: (_keys, seen) => ({ [key]: bootState(seen) }),
  edit: (wanted, _ours, seen) => {
    const text = seen.files[selinuxFile] ?? null;
    const state = wanted[key];
    // Without the file the board has no SELinux.
    if (text === null) return {};
    return ownFile(selinuxFile, state === undefined ? undefined : editSelinux(text, state), seen);
  },
  refusal: (wanted, { files }) =>
    wanted[key] === "permissive" && (files[selinuxFile] ?? null) === null
      ? `the board has no SELinux that could be permissive (${selinuxFile} is not there): say disabled, or leave selinux out of the configuration`
      : undefined,
  apply: (_values, seen) =>
    runningState(seen) === "enforcing"
      ? `printf 0 >${enforceFile} || fail "SELinux cannot be made permissive: the kernel refuses it"`
      : "",
  restore: (before) => (before[key] === "enforcing" ? `[ ! -e ${enforceFile} ] || printf 1 >${enforceFile}` : ""),
  waitsForBoot: (wanted, seen) => {
    const running = runningState(seen);
    if (wanted[key] === "disabled" && running !== "disabled") return ["SELinux is on until a boot disables it"];
    const was = seen.before[key];
    const isToBeOn = wanted[key] === undefined && was !== undefined && was !== "disabled";
    return isToBeOn && running === "disabled" ? [`SELinux is off, and ${was} again after a boot`] : [];
  },
};
