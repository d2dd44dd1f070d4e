import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { setting } from "../configuration";
import { writtenAt } from "../journal";
import { hasIptablesProxy, kubeProxyCommand } from "../kube-proxy";
import { isOfKubeadm, nodeOf, ofOwnNode } from "../node";
import { chainOf, isWell, k3sUnitOf, troubles } from "../trouble";
import { kernelFindings } from "./kernel";

/** Seconds that kube-proxy of a slow board may take to write its rules after a start. */
const proxySeconds = 300;

/** What keeps pods and services from reaching each other. */
export function networkFindings(facts: Facts): Finding[] {
  const own = ofOwnNode(facts, [...kernelFindings(facts), ...proxy(facts)]);
  // what a firewall drops may be missed on another node
  return [...cni(facts), ...own, ...firewall(facts), ...dns(facts)];
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

function proxy(facts: Facts): Finding[] {
  const unit = k3sUnitOf(facts);
  const running = facts.units?.find(({ name, active }) => name === `${unit}.service` && active === "active");
  if (running === undefined) return [];
  const none = facts.unseen.find(({ what, why }) => what === "iptables" && /no iptables-save/.test(why));
  if (none !== undefined) return [finding("iptables-missing", { unit }, { evidence: [none.why] })];
  const now = facts.storage?.now ?? facts.at;
  if (running.started === undefined || now - running.started < proxySeconds) return [];
  if (facts.iptables === undefined || !hasIptablesProxy(facts)) return [];
  if (facts.iptables.chains.includes("KUBE-SERVICES")) return [];
  const evidence = [`iptables-save: ${facts.iptables.chains.length} chains, none of them KUBE-SERVICES`];
  return [finding("kube-proxy-rules-missing", { unit }, { evidence })];
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
  const written = writtenAt(line);
  return written !== undefined && (facts.storage?.now ?? facts.at) - written > lineSeconds;
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
