import { quote } from "../../ssh/shell";
import { pick, type Seen, type SettingKind, type Texts } from "../kind";

const key = "LANG";
/** systemd's own (locale.conf(5)); Debian until 12 has its own place for it, which later is a link to this one. */
export const localeFile = "/etc/locale.conf";
export const debianLocaleFile = "/etc/default/locale";

/** The locale of logins and services that a file names; `undefined` where it names none. The last line wins. */
export function parseLocale(text: string): string | undefined {
  return [...text.matchAll(/^\s*LANG=["']?([^"'\s]*)["']?\s*$/gm)].at(-1)?.[1];
}

/** The text with another locale; without one the line goes. */
export function editLocale(text: string, locale: string | undefined): string {
  const kept = text.split("\n").filter((line) => !/^\s*LANG=/.test(line));
  const rest = kept.join("\n");
  if (locale === undefined) return rest;
  return `${rest}${rest === "" || rest.endsWith("\n") ? "" : "\n"}LANG=${locale}\n`;
}

/** The file that counts on this board. */
function fileOf({ files, output }: Seen): string {
  if ((files[debianLocaleFile] ?? null) !== null) return debianLocaleFile;
  return (files[localeFile] ?? null) === null && output.split("\n").includes("debian") ? debianLocaleFile : localeFile;
}

/** As locale(1) lists them: `C.utf8` for `C.UTF-8`. */
function listed(locale: string): string {
  return locale.replace(/\.utf-?8$/i, ".utf8");
}

/** The locale of logins and services from now on. What runs keeps its own. */
export const locale: SettingKind = {
  noun: "",
  problems: (values) =>
    /^[A-Za-z0-9_.@-]+$/.test(values[key] ?? "")
      ? []
      : [{ property: `values.${key}`, reason: "must be the name of a locale, such as C.UTF-8" }],
  files: [localeFile, debianLocaleFile],
  // Before Debian 13 the place is not there on a small system, and nothing reads the other one.
  look: () => `locale -a
if [ -e /etc/debian_version ] && [ ! -L ${quote(debianLocaleFile)} ] && [ ! -e ${quote(localeFile)} ]; then echo debian; fi`,
  running: (keys, seen) => locale.boot(keys, seen),
  boot: (keys, seen) => {
    const found = parseLocale(seen.files[fileOf(seen)] ?? "");
    return pick(found === undefined ? {} : { [key]: found }, keys);
  },
  edit: (wanted, _ours, seen) => {
    const path = fileOf(seen);
    const text = seen.files[path] ?? null;
    if (text === null && wanted[key] === undefined) return {};
    const was = parseLocale(seen.originals[path] ?? "");
    const edited = editLocale(text ?? "", wanted[key] ?? was);
    const isSame = parseLocale(text ?? "") === (wanted[key] ?? was);
    const changed: Texts = isSame ? {} : { [path]: edited };
    return changed;
  },
  refusal: (wanted, { output }) => {
    const wish = wanted[key];
    return wish === undefined || output.split("\n").map(listed).includes(listed(wish))
      ? undefined
      : `the board has no locale ${wish} (locale -a lists what it has): C.UTF-8 is there always; others come with the package locales of Debian and Ubuntu, glibc-langpack-… of Fedora and openEuler`;
  },
  apply: () => "",
  restore: () => "",
};
