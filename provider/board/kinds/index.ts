import type { SettingKind } from "../kind";
import { hostname } from "./hostname";
import { hosts } from "./hosts";
import { kernelCommandLine } from "./kernel-command-line";
import { kernelModules } from "./kernel-modules";
import { sysctls } from "./sysctls";

/** All kinds of settings, by the name that the program gives. */
export const kinds = { hostname, hosts, kernelCommandLine, kernelModules, sysctls } as const satisfies Record<
  string,
  SettingKind
>;

/** Name of a kind of setting. */
export type KindName = keyof typeof kinds;

/** Names of all kinds. */
export const kindNames = Object.keys(kinds) as [KindName, ...KindName[]];

/** A kind by its name. */
export function kindOf(name: KindName): SettingKind {
  return kinds[name];
}
