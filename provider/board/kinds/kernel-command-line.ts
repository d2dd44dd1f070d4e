import { quote } from "../../ssh/shell";
import type { Seen, SettingKind, Texts, Values } from "../kind";
import {
  addParameter,
  type BootLoader,
  bootLoaders,
  findBootLoader,
  parametersOf,
  removeParameter,
} from "./boot-loaders";

const present = "present";

/** What the board said: the line that it was booted with, and the programs that it has. */
function said({ output }: Seen): { booted: string[]; programs: string[] } {
  const [line = "", ...programs] = output.split("\n");
  return { booted: line.trim().split(/\s+/), programs: programs.map((program) => program.trim()).filter(Boolean) };
}

function loaderOf(seen: Seen): BootLoader | undefined {
  return findBootLoader(seen.files, said(seen).programs);
}

/** Parameters that were ours, are no longer wanted, and were not there before us. */
function dropped(loader: BootLoader, wanted: Values, ours: Values, seen: Seen): string[] {
  const before = parametersOf(loader, seen.originals[loader.path] ?? "");
  return Object.keys(ours).filter((parameter) => !(parameter in wanted) && !before.includes(parameter));
}

/** What makes a generator's file of its source, by the source's path. */
function generator(path: string, added: readonly string[], removed: readonly string[]): string {
  if (path === "/etc/default/u-boot") return 'u-boot-update >/dev/null || fail "u-boot-update failed"';
  if (path !== "/etc/default/grub") return "";
  // Where each kernel has a file of its own (Fedora), grub2-mkconfig leaves those alone.
  const entries = [
    ...(added.length > 0 ? [`--args=${quote(added.join(" "))}`] : []),
    ...(removed.length > 0 ? [`--remove-args=${quote(removed.join(" "))}`] : []),
  ];
  const grubby =
    entries.length === 0 ? "" : `grubby --update-kernel=ALL ${entries.join(" ")} >/dev/null || fail "grubby failed"`;
  return `if command -v update-grub >/dev/null; then update-grub >/dev/null || fail "update-grub failed"
elif command -v grub2-mkconfig >/dev/null; then
  for file in /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg; do
    [ -f "$file" ] || continue
    grub2-mkconfig -o "$file.k3s-board-new" >/dev/null && sync -- "$file.k3s-board-new" && mv -f -- "$file.k3s-board-new" "$file" || fail "grub2-mkconfig failed"
    break
  done
  if [ -d /boot/loader/entries ] && command -v grubby >/dev/null; then ${grubby === "" ? ":" : grubby}; fi
else fail "neither update-grub nor grub2-mkconfig is here"; fi`;
}

/** Parameters of the kernel's command line, each `present`. They apply at the next boot, so that what runs does not count as a difference. */
export const kernelCommandLine: SettingKind = {
  noun: "kernel parameter",
  problems: (values) =>
    Object.entries(values).flatMap(([parameter, state]) => [
      ...(/^[^\s"'\\$`]+$/.test(parameter)
        ? []
        : [{ property: `values.${parameter}`, reason: "must be one kernel parameter, without blanks and quotes" }]),
      ...(state === present ? [] : [{ property: `values.${parameter}`, reason: `must be ${present}` }]),
    ]),
  files: bootLoaders.map(({ path }) => path),
  look: () =>
    `cat /proc/cmdline\nfor p in ${bootLoaders.flatMap(({ programs = [] }) => programs).join(" ")}; do if command -v $p >/dev/null; then echo $p; fi; done`,
  running: (keys, seen) => kernelCommandLine.boot(keys, seen),
  boot: (keys, seen) => {
    const loader = loaderOf(seen);
    const there = loader === undefined ? [] : parametersOf(loader, seen.files[loader.path] ?? "");
    return Object.fromEntries(keys.filter((key) => there.includes(key)).map((key) => [key, present]));
  },
  edit: (wanted, ours, seen) => {
    const loader = loaderOf(seen);
    if (loader === undefined) return {};
    const text = seen.files[loader.path] ?? "";
    const without = dropped(loader, wanted, ours, seen).reduce((now, one) => removeParameter(loader, now, one), text);
    const edited = Object.keys(wanted)
      .sort()
      .reduce((now, one) => addParameter(loader, now, one), without);
    const changed: Texts = edited === text ? {} : { [loader.path]: edited };
    return changed;
  },
  refusal: (wanted, seen) =>
    Object.keys(wanted).length === 0 || loaderOf(seen) !== undefined
      ? undefined
      : `the kernel command line cannot be changed: none of ${bootLoaders.map(({ path }) => path).join(", ")} is here with a place for it. ` +
        "Add the parameters where this board's boot loader has them, and take kernelCommandLine out of the configuration",
  apply: () => "",
  settle: (wanted, ours, seen) => {
    const loader = loaderOf(seen);
    return loader === undefined
      ? ""
      : generator(loader.path, Object.keys(wanted).sort(), dropped(loader, wanted, ours, seen));
  },
  restore: () => "",
  waitsForBoot: (wanted, seen) => {
    const { booted } = said(seen);
    const missing = Object.keys(wanted)
      .filter((parameter) => !booted.includes(parameter))
      .sort();
    return missing.length > 0 ? [`kernel command line misses ${missing.join(" ")}`] : [];
  },
};
