import type { KindName } from "../../../provider";
import type { PrerequisitesConfig } from "./config";
import type { Openings } from "./ports";

/** One setting of the board, as the provider takes it. */
export interface PlannedSetting {
  readonly kind: KindName;
  readonly values: Readonly<Record<string, string>>;
  /** Kinds that come before it. */
  readonly after: readonly KindName[];
}

/** Loopback address under which Debian's hosts file has the name of the host itself (hostname(1), hosts(5)). */
const ownAddress = "127.0.1.1";

function hostsOf({ hostname, hosts }: PrerequisitesConfig): Record<string, string> {
  const entries = Object.fromEntries(Object.entries(hosts).map(([address, names]) => [address, names.join(" ")]));
  const isNamed = hostname === undefined || Object.values(hosts).some((names) => names.includes(hostname));
  if (isNamed) return entries;
  const [short = "", ...domain] = hostname.split(".");
  const names = domain.length > 0 ? `${hostname} ${short}` : hostname;
  return { ...entries, [ownAddress]: [entries[ownAddress], names].filter(Boolean).join(" ") };
}

/** One value, where the configuration has it. */
function single(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}

function firewallOf({ firewall }: PrerequisitesConfig, { ports, networks }: Openings): Record<string, string> {
  if (firewall === undefined) return {};
  if (firewall.kind === "disabled") return { firewall: "disabled" };
  return Object.fromEntries<string>([
    ...[...ports, ...firewall.ports].map((port) => [port, "open"] as const),
    ...[...networks, ...firewall.trustedNetworks].map((network) => [network, "trusted"] as const),
  ]);
}

/**
 * What the configuration asks of the board, one setting a kind; kinds of which it asks nothing are left out.
 *
 * @param openings - what the cluster needs of the board's firewall.
 */
export function plannedSettings(config: PrerequisitesConfig, openings: Openings): PlannedSetting[] {
  const { hostname, kernelModules, blacklistedModules, sysctls, kernelCommandLine } = config;
  const { swap, selinux, timeSync, locale, timezone } = config;
  const settings: readonly PlannedSetting[] = [
    { kind: "hosts", values: hostsOf(config), after: [] },
    // sudo and k3s look the new name up
    { kind: "hostname", values: single("hostname", hostname), after: ["hosts"] },
    {
      kind: "kernelModules",
      values: Object.fromEntries<string>([
        ...kernelModules.map((module) => [module, "loaded"] as const),
        ...blacklistedModules.map((module) => [module, "blacklisted"] as const),
      ]),
      after: [],
    },
    {
      kind: "sysctls",
      values: Object.fromEntries(Object.entries(sysctls).map(([key, value]) => [key, String(value)])),
      // some sysctls come with a module
      after: ["kernelModules"],
    },
    {
      kind: "kernelCommandLine",
      values: Object.fromEntries(kernelCommandLine.map((parameter) => [parameter, "present"])),
      after: [],
    },
    { kind: "swap", values: single("swap", swap), after: [] },
    { kind: "selinux", values: single("selinux", selinux), after: [] },
    { kind: "firewall", values: firewallOf(config, openings), after: [] },
    { kind: "timeSync", values: single("timeSync", timeSync), after: [] },
    { kind: "locale", values: single("LANG", locale), after: [] },
    { kind: "timezone", values: single("timezone", timezone), after: [] },
  ];
  return settings.filter(({ values }) => Object.keys(values).length > 0);
}
