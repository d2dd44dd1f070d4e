import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { setting } from "../configuration";
import { isOfKubeadm, nodeOf, ofOwnNode } from "../node";
import { chainOf, isWell, k3sUnitOf, troubles } from "../trouble";

/** Seconds that kube-proxy of a slow board may take to write its rules after a start. */
const proxySeconds = 300;
/** Matches that rules of kube-proxy use, with their modules. */
const matches = {
  comment: "NETFILTER_XT_MATCH_COMMENT",
  statistic: "NETFILTER_XT_MATCH_STATISTIC",
  conntrack: "NETFILTER_XT_MATCH_CONNTRACK",
  addrtype: "NETFILTER_XT_MATCH_ADDRTYPE",
  mark: "NETFILTER_XT_MATCH_MARK",
} as const;

/** What keeps pods and services from reaching each other. */
export function networkFindings(facts: Facts): Finding[] {
  // what a firewall drops may be missed on another node
  return [...cni(facts), ...ofOwnNode(facts, [...kernel(facts), ...proxy(facts)]), ...firewall(facts), ...dns(facts)];
}

function k3sJournal(facts: Facts): readonly string[] {
  return facts.journal[k3sUnitOf(facts)] ?? [];
}

function cni(facts: Facts): Finding[] {
  return (facts.nodes ?? []).flatMap(({ name, conditions }) => {
    const ready = conditions.find(({ type, status }) => type === "Ready" && status !== "True");
    if (
      ready === undefined ||
      !/cni plugin not initialized|cni config uninitialized|network plugin (is )?not ready/i.test(ready.message)
    )
      return [];
    const [, reason = ready.message] = /message:(.*)$/i.exec(ready.message) ?? [];
    return [
      finding(
        "cni-missing",
        {
          reason: reason.trim(),
          directory: isOfKubeadm(facts) ? "/etc/cni/net.d" : "/var/lib/rancher/k3s/agent/etc/cni/net.d",
        },
        { evidence: [`node ${name}: ${ready.message}`], node: name },
      ),
    ];
  });
}

function kernel(facts: Facts): Finding[] {
  const said = k3sJournal(facts).flatMap((line) => {
    const [, one, other] =
      /[Cc]ouldn't load match `(\w+)'|[Ee]xtension (\w+) revision \d+ not supported, missing kernel module/.exec(
        line,
      ) ?? [];
    const name = one ?? other;
    return name === undefined ? [] : [{ name, line }];
  });
  const unset = Object.entries(matches).flatMap(([name, option]) =>
    facts.kernel?.config[option] === "n" ? [{ name, line: `kernel: # CONFIG_${option} is not set` }] : [],
  );
  return [...said, ...unset].map(({ name, line }) => {
    const option =
      Object.entries(matches).find(([match]) => match === name)?.[1] ?? `NETFILTER_XT_MATCH_${name.toUpperCase()}`;
    return finding("kernel-without-match", { option, module: `xt_${name}` }, { evidence: [line] });
  });
}

function proxy(facts: Facts): Finding[] {
  const unit = k3sUnitOf(facts);
  const running = facts.units?.find(({ name, active }) => name === `${unit}.service` && active === "active");
  if (running === undefined) return [];
  const none = facts.unseen.find(({ what, why }) => what === "iptables" && /no iptables-save/.test(why));
  if (none !== undefined) return [finding("iptables-missing", { unit }, { evidence: [none.why] })];
  const isOff =
    facts.k3s?.role === "agent"
      ? kubeProxyCommand(facts) === undefined
      : setting(facts, "disable-kube-proxy")[0] === "true";
  const otherWay = isOff || setting(facts, "kube-proxy-arg").some((arg) => /nftables|ipvs/.test(arg));
  const now = facts.storage?.now ?? facts.at;
  if (facts.iptables === undefined || otherWay || running.started === undefined || now - running.started < proxySeconds)
    return [];
  if (facts.iptables.chains.includes("KUBE-SERVICES")) return [];
  const evidence = [`iptables-save: ${facts.iptables.chains.length} chains, none of them KUBE-SERVICES`];
  return [finding("kube-proxy-rules-missing", { unit }, { evidence })];
}

/** What an agent started kube-proxy with: a server decides that, and the agent tells it only in its journal. `undefined` where it is not told any more. */
function kubeProxyCommand(facts: Facts): string | undefined {
  const lines = k3sJournal(facts);
  const start = lines.findLastIndex((line) => line.includes("Starting k3s agent"));
  return lines.slice(Math.max(start, 0)).findLast((line) => line.includes("Running kube-proxy "));
}

/** Networks of the cluster's pods, as far as this board tells. */
function podNetworks(facts: Facts): readonly string[] {
  const { k3s, kubeadm } = facts;
  if (k3s?.role === "agent") {
    const [, networks] = /--cluster-cidr=([^\s"]+)/.exec(kubeProxyCommand(facts) ?? "") ?? [];
    return networks?.split(",") ?? [];
  }
  if (k3s?.role === "server") return setting(facts, "cluster-cidr");
  return kubeadm === undefined ? ["10.42.0.0/16"] : (kubeadm.podSubnets ?? []);
}

function firewall(facts: Facts): Finding[] {
  const { firewalld = false, trustedSources = [] } = facts.security ?? {};
  if (!firewalld) return [];
  const evidence = [`sources of firewalld's zones k3s-board and trusted: ${trustedSources.join(" ") || "none"}`];
  return podNetworks(facts)
    .filter((network) => !trustedSources.includes(network))
    .map((network) => finding("firewalld-active", { network }, { evidence }));
}

/** The key of a ConfigMap that a pod's volume wants in vain, by kubelet's words. */
function missingKey(facts: Facts, pod: NonNullable<Facts["pods"]>[number]): { key: string; message: string }[] {
  if (isWell(pod)) return [];
  return troubles(facts).flatMap(({ pod: own, reason, message }) => {
    const [, key] = /references non-existent config key: (\S+)/.exec(message) ?? [];
    return own !== pod || reason !== "FailedMount" || key === undefined ? [] : [{ key, message }];
  });
}

/** Seconds after which a line of CoreDNS's log tells of a trouble that is over: it says again what is not. */
const lineSeconds = 600;

/** Lines of containers' logs begin with a time, by the board's clock. */
function isOld(facts: Facts, line: string): boolean {
  const written = Date.parse(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)/.exec(line)?.[0] ?? "") / 1000;
  return !Number.isNaN(written) && (facts.storage?.now ?? facts.at) - written > lineSeconds;
}

const loopback = /^nameserver\s+(127\.\S+|::1)/;

function dns(facts: Facts): Finding[] {
  const pods = (facts.pods ?? []).filter(
    ({ namespace, name }) => namespace === "kube-system" && name.startsWith("coredns-"),
  );
  const hangs = pods.filter((pod) => !isWell(pod)).map(chainOf);
  const lines = facts.podLogs
    .filter(({ container, line }) => container.startsWith("kube-system_coredns-") && !isOld(facts, line))
    .map(({ line }) => line);
  const wrong = lines.flatMap((line) => {
    const [, reason] = /Corefile:(\d+ - Error during parsing: .*|.*: plugin .*)/.exec(line) ?? [];
    return reason === undefined ? [] : [{ reason: reason.trim(), line }];
  });
  const corefile = wrong.at(-1);
  if (corefile !== undefined && hangs.length > 0)
    return [finding("dns-corefile", { reason: corefile.reason }, { evidence: [corefile.line], hangs })];
  const keyless = pods.flatMap((pod) => missingKey(facts, pod));
  const [missing] = keyless;
  if (missing !== undefined) {
    const { key, message } = missing;
    return [finding("dns-node-hosts", { key, map: "coredns" }, { evidence: [message], hangs })];
  }
  const loop = lines.findLast((line) => /plugin\/loop: Loop .*detected/.test(line));
  if (loop !== undefined && hangs.length > 0) {
    const nameserver =
      facts.network?.resolvConf.flatMap((line) => loopback.exec(line)?.[1] ?? [])[0] ?? "a loopback address";
    return [
      finding(
        "dns-loop",
        { nameserver },
        { evidence: [loop, ...(facts.network?.resolvConf ?? []).filter((line) => loopback.test(line))], hangs },
      ),
    ];
  }
  const api = lines.flatMap((line) => {
    const [, address] = /dial tcp (\d+\.\d+\.\d+\.\d+:443): (?:connect: |i\/o timeout)/.exec(line) ?? [];
    return address === undefined ? [] : [{ address, line }];
  });
  const first = api.at(-1);
  if (first !== undefined && hangs.length > 0)
    return [
      finding("dns-api-unreachable", { address: first.address }, { evidence: [first.line], hangs, node: nodeOf(pods) }),
    ];
  const upstream = lines.flatMap((line) => {
    const [, nameserver] = /read udp \S+->(\S+?): (?:i\/o timeout|read: connection refused)/.exec(line) ?? [];
    return nameserver === undefined ? [] : [{ nameserver, line }];
  });
  const silent = upstream.at(-1);
  return silent === undefined
    ? []
    : [finding("dns-upstream", { nameserver: silent.nameserver }, { evidence: [silent.line], hangs })];
}
