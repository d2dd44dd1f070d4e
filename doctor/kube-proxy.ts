import { setting } from "./configuration";
import type { Facts } from "./facts";
import { k3sUnitOf } from "./trouble";

/** What an agent started kube-proxy with: a server decides that, and the agent tells it only in its journal. `undefined` where it is not told any more. */
export function kubeProxyCommand(facts: Facts): string | undefined {
  const lines = facts.journal[k3sUnitOf(facts)] ?? [];
  const start = lines.findLastIndex((line) => line.includes("Starting k3s agent"));
  return lines.slice(Math.max(start, 0)).findLast((line) => line.includes("Running kube-proxy "));
}

/** Whether k3s's kube-proxy writes rules of iptables: not where it is off, or set to another mode. */
export function hasIptablesProxy(facts: Facts): boolean {
  const isOff =
    facts.k3s?.role === "agent"
      ? kubeProxyCommand(facts) === undefined
      : setting(facts, "disable-kube-proxy")[0] === "true";
  return !isOff && !setting(facts, "kube-proxy-arg").some((arg) => /nftables|ipvs/.test(arg));
}
