import type { SettingKind } from "../kind";
import { dnfProxy } from "./dnf-proxy";
import { firewall } from "./firewall";
import { hostname } from "./hostname";
import { hosts } from "./hosts";
import { kernelCommandLine } from "./kernel-command-line";
import { kernelModules } from "./kernel-modules";
import { locale } from "./locale";
import { selinux } from "./selinux";
import { swap } from "./swap";
import { sysctls } from "./sysctls";
import { timeSync } from "./time-sync";
import { timezone } from "./timezone";

/** All kinds of settings, by the name that the program gives. */
export const kinds = {
  dnfProxy,
  firewall,
  hostname,
  hosts,
  kernelCommandLine,
  kernelModules,
  locale,
  selinux,
  swap,
  sysctls,
  timeSync,
  timezone,
} as const satisfies Record<string, SettingKind>;

/** Name of a kind of setting. */
export type KindName = keyof typeof kinds;

/** Names of all kinds. */
export const kindNames = Object.keys(kinds) as [KindName, ...KindName[]];

/** A kind by its name. */
export function kindOf(name: KindName): SettingKind {
  return kinds[name];
}
