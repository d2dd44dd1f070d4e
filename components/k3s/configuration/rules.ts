import { isIP } from "node:net";
import { familiesOf, parseNetwork } from "./addresses";
import type { Effective } from "./effective";
import type { Role } from "./flags";
import type { KeyProblem } from "./keys";
import { removedKubeletArgs } from "./kubelet-args";

/** What the rules ask of a configuration. */
interface Configured {
  readonly minor: number;
  /** Values of a flag; none where nothing sets it and k3s has no default. */
  readonly values: (flag: string) => readonly string[];
  /** The value of a flag that is no list; empty where there is none. */
  readonly value: (flag: string) => string;
  readonly isOn: (flag: string) => boolean;
}

/** The reasons why k3s would not start, each with the key that it is about. */
type Rule = (configured: Configured) => readonly KeyProblem[];

function rule(key: string, reason: (configured: Configured) => string | undefined): Rule {
  return (configured) => {
    const found = reason(configured);
    return found === undefined ? [] : [{ key, reason: found }];
  };
}

function each(key: string, isGood: (value: string) => boolean, reason: (value: string) => string): Rule {
  return ({ values }) =>
    values(key)
      .filter((value) => !isGood(value))
      .map((value) => ({ key, reason: reason(value) }));
}

const isNetwork = (text: string) => parseNetwork(text) !== undefined;
const isAddress = (text: string) => isIP(text) !== 0;
const noNetwork = (text: string) => `${text} is no network such as 10.42.0.0/16`;
const noAddress = (text: string) => `${text} is no IP address`;
const isZero = (duration: string) => duration !== "" && !/[1-9]/.test(duration);

const selectorModes = ["agent", "cluster", "pod", "disabled"];
const flannelBackends = ["none", "vxlan", "host-gw", "wireguard-native", "tailscale"];

/** What `run` in pkg/cli/server/server.go refuses, in its order. */
const serverRules: readonly Rule[] = [
  rule("etcd-snapshot-reconcile-interval", ({ value, isOn }) =>
    !isOn("etcd-disable-snapshots") && isZero(value("etcd-snapshot-reconcile-interval"))
      ? "must be more than 0s"
      : undefined,
  ),
  rule("etcd-s3-timeout", ({ value, isOn }) =>
    isOn("etcd-s3") && !isOn("etcd-disable-snapshots") && isZero(value("etcd-s3-timeout"))
      ? "must be more than 0s"
      : undefined,
  ),
  rule("cluster-reset-restore-path", ({ value, isOn }) =>
    value("cluster-reset-restore-path") !== "" && !isOn("cluster-reset") ? "needs cluster-reset" : undefined,
  ),
  rule("disable-etcd", ({ value, isOn }) =>
    isOn("disable-etcd") && value("server") === "" ? "needs server: another server that runs etcd" : undefined,
  ),
  ...["disable-apiserver", "disable-etcd"].map((key) =>
    rule(key, ({ value, isOn }) =>
      isOn(key) && value("datastore-endpoint") !== "" ? "cannot be used with datastore-endpoint" : undefined,
    ),
  ),
  each("cluster-cidr", isNetwork, noNetwork),
  each("service-cidr", isNetwork, noNetwork),
  each("cluster-dns", isAddress, noAddress),
  rule("service-node-port-range", ({ value }) =>
    /^\d+([-+]\d+)?$/.test(value("service-node-port-range"))
      ? undefined
      : `${value("service-node-port-range")} is no range of ports such as 30000-32767`,
  ),
  rule("egress-selector-mode", ({ value }) =>
    selectorModes.includes(value("egress-selector-mode")) ? undefined : `expected one of ${selectorModes.join(", ")}`,
  ),
  rule("cluster-reset", ({ value, isOn }) =>
    isOn("cluster-reset") && value("server") !== "" ? "cannot be used with server" : undefined,
  ),
];

/** What every kubelet refuses. */
const kubeletArgs: Rule = ({ minor, values }) =>
  values("kubelet-arg").flatMap((arg) => {
    const name = arg.replace(/^-*/, "").split("=")[0] ?? "";
    const removed = removedKubeletArgs.get(name);
    if (removed === undefined || minor <= removed.until) return [];
    const instead = removed.instead === undefined ? "" : `; use ${removed.instead}`;
    const reason = `kubelet 1.${minor} does not start with --${name}: 1.${removed.until} was the last with it${instead}`;
    return [{ key: "kubelet-arg", reason }];
  });

/** What can be said of an agent by its own configuration: pkg/agent/run.go, and kubelet itself. */
const agentRules: readonly Rule[] = [each("node-ip", isAddress, noAddress), kubeletArgs];

/** What the agent part of a server refuses besides, going by the cluster's networks: pkg/agent/run.go, pkg/agent/flannel/setup.go. */
const nodeRules: readonly Rule[] = [
  rule("service-cidr", ({ values }) => {
    const [cluster, service] = [values("cluster-cidr"), values("service-cidr")];
    if (![...cluster, ...service].every(isNetwork) || familiesOf(cluster) === familiesOf(service)) return undefined;
    return `is ${familiesOf(service)} and cluster-cidr is ${familiesOf(cluster)}: both must be of the same IP versions`;
  }),
  rule("node-ip", ({ values }) => {
    const [cluster, node] = [values("cluster-cidr"), values("node-ip")];
    if (node.length === 0 || !cluster.every(isNetwork) || !node.every(isAddress)) return undefined;
    const [wanted, has] = [familiesOf(cluster), familiesOf(node)];
    return has === wanted || has === "dual-stack" ? undefined : `is ${has} and cluster-cidr is ${wanted}`;
  }),
  rule("embedded-registry", ({ value, isOn }) =>
    isOn("embedded-registry") && (isOn("docker") || value("container-runtime-endpoint") !== "")
      ? "needs k3s's own containerd: it cannot be used with docker or container-runtime-endpoint"
      : undefined,
  ),
  rule("flannel-backend", ({ minor, value }) => {
    const backend = value("flannel-backend");
    // until 1.26 there were ipsec, wireguard and options behind the backend's name
    if (minor < 27 || flannelBackends.includes(backend)) return undefined;
    const instead = ["wireguard", "ipsec"].includes(backend) ? ": use wireguard-native" : "";
    return `k3s 1.${minor} has no flannel backend ${backend}${instead}`;
  }),
];

/** What k3s takes and nobody else would find. */
const dataPlace = rule("data-dir", ({ value }) => {
  const place = value("data-dir");
  return place.startsWith("/") ? undefined : `${place} is no absolute path: k3s would take it from where it is started`;
});

/** What k3s takes and does not mean: pkg/server/server.go reads the mode as octal digits, and YAML makes an unquoted 0644 the number 420. */
const kubeconfigMode = rule("write-kubeconfig-mode", ({ value }) => {
  const mode = value("write-kubeconfig-mode");
  return mode === "" || (/^0?[0-7]{3}$/.test(mode) && mode !== "420")
    ? undefined
    : `${mode} is no mode: write it in quotes, "0644", because YAML reads 0644 as the decimal number 420`;
});

/**
 * What a k3s server would refuse at its start although each key by itself is good. All of it is in k3s's sources; what k3s only warns of is not
 * here.
 *
 * @param minor - of k3s: 36 for v1.36.3+k3s1.
 */
export function serverProblems(effective: Effective, minor: number): KeyProblem[] {
  return [...startProblems(effective, minor, "server"), ...problemsBy([dataPlace, kubeconfigMode], effective, minor)];
}

/** What a k3s of that role would refuse at its start, and nothing else. */
export function startProblems(effective: Effective, minor: number, role: Role): KeyProblem[] {
  return problemsBy(role === "server" ? [...serverRules, ...agentRules, ...nodeRules] : agentRules, effective, minor);
}

/** What a k3s agent would refuse at its start, as {@link serverProblems} for a server. */
export function agentProblems(effective: Effective, minor: number): KeyProblem[] {
  return [...startProblems(effective, minor, "agent"), ...problemsBy([dataPlace], effective, minor)];
}

function problemsBy(rules: readonly Rule[], { settings }: Effective, minor: number): KeyProblem[] {
  const values = (flag: string) => settings.get(flag)?.values ?? [];
  const value = (flag: string) => values(flag)[0] ?? "";
  // what strconv.ParseBool of Go takes for true
  const isOn = (flag: string) => ["1", "t", "T", "TRUE", "true", "True"].includes(value(flag));
  return rules.flatMap((check) => check({ minor, values, value, isOn }));
}
