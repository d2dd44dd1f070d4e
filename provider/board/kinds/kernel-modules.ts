import { quote } from "../../ssh/shell";
import { ownFile, pick, type Seen, type SettingKind, type Values } from "../kind";

/** Read by systemd-modules-load at boot. */
export const loadFile = "/etc/modules-load.d/k3s-board.conf";
/** Read by whatever would load a module. */
export const blacklistFile = "/etc/modprobe.d/k3s-board.conf";

const loaded = "loaded";
const blacklisted = "blacklisted";

/** The kernel's own spelling: it takes dashes for underscores. */
function kernelName(module: string): string {
  return module.replaceAll("-", "_");
}

function modulesWith(values: Values, state: string): string[] {
  return Object.keys(values)
    .filter((module) => values[module] === state)
    .sort();
}

function words(text: string | null | undefined): string[] {
  return (text ?? "").split("\n").flatMap((line) => (/^\s*[#;]/.test(line) ? [] : line.trim().split(/\s+/)));
}

function isLoaded(module: string, { output }: Seen): boolean {
  return output.split("\n").includes(kernelName(module));
}

/** Modules of the kernel: `loaded`, now and at each boot, or `blacklisted`: not loaded from the next boot on. */
export const kernelModules: SettingKind = {
  noun: "kernel module",
  problems: (values) =>
    Object.entries(values).flatMap(([module, state]) => [
      ...(/^[A-Za-z0-9_-]+$/.test(module)
        ? []
        : [{ property: `values.${module}`, reason: "must be the name of a kernel module" }]),
      ...([loaded, blacklisted].includes(state)
        ? []
        : [{ property: `values.${module}`, reason: `must be ${loaded} or ${blacklisted}` }]),
    ]),
  files: [loadFile, blacklistFile],
  // All that are loaded, and which of these are built in: a directory where they have parameters, else a line of modprobe's list.
  look: (keys) =>
    [
      "while read -r m _; do echo $m; done </proc/modules",
      ...keys.map((module) => {
        const name = kernelName(module);
        const line = quote(`/${name.replaceAll("_", "[_-]")}\\.ko`);
        return `if [ -d /sys/module/${name} ] || grep -qsE ${line} "/lib/modules/$(uname -r)/modules.builtin"; then echo ${name}; fi`;
      }),
    ].join("\n"),
  // A blacklist changes nothing that runs.
  running: (keys, seen) =>
    Object.fromEntries(
      keys.flatMap((module) =>
        isLoaded(module, seen)
          ? [[module, kernelModules.boot([module], seen)[module] === blacklisted ? blacklisted : loaded]]
          : words(seen.files[blacklistFile]).includes(module)
            ? [[module, blacklisted]]
            : [],
      ),
    ),
  boot: (keys, { files }) => {
    const load = words(files[loadFile]);
    const not = words(files[blacklistFile]);
    return pick(
      Object.fromEntries([
        ...load.map((module) => [module, loaded] as const),
        ...not.map((module) => [module, blacklisted] as const),
      ]),
      keys,
    );
  },
  edit: (wanted, _ours, seen) => {
    const load = modulesWith(wanted, loaded).map((module) => `${module}\n`);
    // `blacklist` alone does not keep a module out that another one needs (modprobe.d(5)).
    const not = modulesWith(wanted, blacklisted).map((module) => `blacklist ${module}\ninstall ${module} /bin/false\n`);
    return {
      ...ownFile(loadFile, load.length > 0 ? load.join("") : undefined, seen),
      ...ownFile(blacklistFile, not.length > 0 ? not.join("") : undefined, seen),
    };
  },
  apply: (values) =>
    modulesWith(values, loaded)
      .map(
        (module) =>
          `modprobe -- ${quote(module)} || fail ${quote(`kernel module ${module} cannot be loaded: the running kernel has none of that name, or its modules are not installed`)}`,
      )
      .join("\n"),
  // Loaded modules stay until the next boot: something may use them by now.
  restore: () => "",
  waitsForBoot: (wanted, seen) =>
    modulesWith(wanted, blacklisted)
      .filter((module) => isLoaded(module, seen))
      .map((module) => `kernel module ${module} is blacklisted and still loaded`),
};
