import { type Effective, effectiveConfiguration } from "../components/k3s/configuration/effective";
import { knownMinors, minorOf } from "../components/k3s/configuration/flags";
import type { Facts } from "./facts";

/** What the board's k3s would run with if it started now: its files and its command line. `undefined` without k3s, or where a file cannot be read. */
export function configurationOf({ k3s, units }: Facts): Effective | undefined {
  if (k3s?.role === undefined) return undefined;
  const unit = units?.find(({ name }) => name === (k3s.role === "agent" ? "k3s-agent.service" : "k3s.service"));
  const [, , ...args] = unit?.command ?? [];
  const files = k3s.files.filter(({ path }) => /\/config\.yaml/.test(path));
  try {
    return effectiveConfiguration({
      minor: minorOf(k3s.version ?? "") ?? knownMinors.newest,
      role: k3s.role,
      files,
      args,
    });
  } catch {
    return undefined;
  }
}

/** Values of a key of k3s; none where nothing sets it. */
export function setting(facts: Facts, key: string): readonly string[] {
  return configurationOf(facts)?.settings.get(key)?.values ?? [];
}
