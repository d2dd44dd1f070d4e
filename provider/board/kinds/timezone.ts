import { recordOf, temporaryOf } from "../../files/originals";
import { quote } from "../../ssh/shell";
import { ownFile, type Seen, type SettingKind } from "../kind";

const key = "timezone";
/** A link to the zone's file (localtime(5)); UTC where there is none. */
export const localtimeLink = "/etc/localtime";
/** Debian has the name here too, for what does not follow the link. */
export const timezoneFile = "/etc/timezone";
const zones = "/usr/share/zoneinfo/";

/** What the link says; `UTC` where there is none, and nothing for what is no link. */
function linked({ output }: Seen): string {
  const [link = "", kind = ""] = output.split("\n").map((line) => line.slice(line.indexOf("=") + 1));
  if (link === "") return kind === "none" ? "UTC" : "";
  return link.slice(link.indexOf(zones) + zones.length);
}

const [path, record, temporary] = [localtimeLink, recordOf(localtimeLink), temporaryOf(localtimeLink)].map(quote);

/** The board's time zone. Programs that run keep the one that they have read. */
export const timezone: SettingKind = {
  noun: "",
  problems: (values) =>
    /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(values[key] ?? "")
      ? []
      : [{ property: `values.${key}`, reason: "must be the name of a time zone, such as Asia/Shanghai" }],
  files: [timezoneFile],
  look: () => `echo "link=$(readlink ${path})"
if [ -L ${path} ]; then echo kind=link; elif [ -e ${path} ]; then echo kind=file; else echo kind=none; fi`,
  running: (_keys, seen) => ({ [key]: linked(seen) }),
  boot: (_keys, seen) => ({ [key]: linked(seen) }),
  edit: (wanted, _ours, seen) => {
    const there = seen.files[timezoneFile] ?? null;
    if (there === null) return {};
    return ownFile(timezoneFile, wanted[key] === undefined ? undefined : `${wanted[key]}\n`, seen);
  },
  touches: ({ apply, restore }, seen) => {
    const to = apply[key] ?? restore[key];
    return to === undefined ? [] : [`${localtimeLink} changes:\n- ${linked(seen)}\n+ ${to}`];
  },
  apply: (values) =>
    `[ -f ${quote(zones + (values[key] ?? ""))} ] || fail ${quote(`the board has no time zone ${values[key]} in ${zones}: it may lack the package tzdata`)}`,
  restore: () => "",
  settle: (wanted, ours) => {
    const zone = wanted[key];
    if (zone === undefined) return key in ours ? `lock; restore ${path} ${record} ${temporary}; unlock` : "";
    return `lock
keep ${path} ${record}
ln -sfT -- ${quote(`..${zones}${zone}`)} ${temporary} && mv -fT -- ${temporary} ${path} && sync -- /etc || fail "${localtimeLink} cannot be made"
unlock`;
  },
};
