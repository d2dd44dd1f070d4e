import { load } from "js-yaml";
import { z } from "zod";
import { driverOfOptions } from "../../components/kubeadm/runtime/cgroup-drivers";
import { networkPluginDefault } from "../../components/kubeadm/runtime/cri-dockerd-versions";
import { socketPath } from "../../components/kubeadm/runtime/sockets";
import { describeUnit } from "../../provider/systemd/health";
import type { Facts, UnitFacts } from "../facts";
import { finding, type Finding } from "../findings";
import { kubernetesPorts } from "../gather/kubeadm-sections";
import { lastWordsFirst } from "../journal";
import type { KubeadmFacts } from "../kubeadm-facts";
import { isOfKubeadm, nodeOf, ofOwnNode } from "../node";
import { chainOf, said, troubles } from "../trouble";

/** What keeps a node of kubeadm from running. Nothing for boards without kubeadm, and for those of k3s on which kubeadm only lies. */
export function kubeadmFindings(facts: Facts): Finding[] {
  const { kubeadm } = facts;
  if (kubeadm === undefined || !(isOfKubeadm(facts) || hasCluster(kubeadm))) return [];
  return ofOwnNode(facts, [
    ...networkPlugin(facts, kubeadm),
    ...sandboxImage(facts),
    ...cgroupDriver(facts, kubeadm),
    ...sockets(kubeadm),
    ...leftovers(facts, kubeadm),
    ...ports(facts, kubeadm),
    ...swap(facts),
    ...services(facts, kubeadm),
  ]);
}

function unit(facts: Facts, name: string): UnitFacts | undefined {
  return facts.units?.find((one) => one.name === `${name}.service` && one.load === "loaded");
}

/** The value of a flag in a command line, `undefined` where it is not there. */
function flag(command: readonly string[], name: string): string | undefined {
  const at = command.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = command[at];
  if (word === undefined) return undefined;
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : (command[at + 1] ?? "");
}

function networkPlugin(facts: Facts, kubeadm: KubeadmFacts): Finding[] {
  const { criDockerd, docker } = kubeadm;
  const service = unit(facts, "cri-docker");
  if (service?.active !== "active" || !runtimeUnits(facts, kubeadm).includes("cri-docker")) return [];
  // the last start counts, and before it others may have been right
  const told = (facts.journal["cri-docker"] ?? []).findLast((line) =>
    line.includes("networking managed by network plugin"),
  );
  const version = /(\d+\.\d+\.\d+)/.exec(criDockerd ?? "")?.[1];
  const given = flag(service.command, "--network-plugin");
  const byFlags = given ?? (version === undefined ? "cni" : networkPluginDefault(version));
  const isNone = told === undefined ? ["", "none", "no-op"].includes(byFlags) : told.includes("no-op");
  if (!isNone) return [];
  const bridge = docker?.bridge ?? "";
  const inside = (facts.pods ?? []).filter(({ ip }) => ip !== undefined && isIn(ip, bridge));
  return [
    finding(
      "network-plugin-none",
      { network: bridge === "" ? "" : ` (${bridge})` },
      {
        evidence: [
          ...(told === undefined ? [] : [told]),
          `cri-docker.service: ${service.command.join(" ")}`,
          ...inside.map(({ namespace, name, ip }) => `pod ${namespace}/${name}: ${ip}`),
        ],
        hangs: inside.map(chainOf),
      },
    ),
  ];
}

/** Whether an address is in a network whose length is 8, 16 or 24. */
function isIn(ip: string, network: string): boolean {
  const [address = "", bits] = network.split("/");
  const parts = Number(bits) / 8;
  return (
    [1, 2, 3].includes(parts) &&
    ip.split(".").slice(0, parts).join(".") === address.split(".").slice(0, parts).join(".")
  );
}

/** What cri-dockerd says of an image that it cannot get, of the pod sandbox before anything else. */
const noSandboxImage =
  /[Ff]ailed to create (?:pod )?sandbox.*(?:failed pulling image|inspect sandbox image) \\*"([^"\\]+)/;

function sandboxImage(facts: Facts): Finding[] {
  const pods = troubles(facts).flatMap((trouble) => {
    const image = noSandboxImage.exec(`Failed to create pod sandbox: ${trouble.message}`)?.[1];
    return trouble.reason === "FailedCreatePodSandBox" && image !== undefined ? [{ image, trouble }] : [];
  });
  // without a control plane there are no events, and kubelet's journal has it
  const lines = pods.length > 0 || facts.pods !== undefined ? [] : (facts.journal.kubelet ?? []);
  const line = lines.findLast((one) => noSandboxImage.test(one));
  const image = pods[0]?.image ?? noSandboxImage.exec(line ?? "")?.[1];
  if (image === undefined || facts.kubeadm?.docker?.images.includes(image) === true) return [];
  return [
    finding(
      "sandbox-image-missing",
      { image },
      {
        evidence: [...(line === undefined ? [] : [line]), ...pods.map(({ trouble }) => said(trouble))],
        hangs: pods.map(({ trouble }) => chainOf(trouble.pod)),
        node: nodeOf(pods.map(({ trouble }) => trouble.pod)),
      },
    ),
  ];
}

const kubeletConfig = z.object({
  cgroupDriver: z.string().optional(),
  containerRuntimeEndpoint: z.string().optional(),
});

/** What kubelet's files say; nothing where they cannot be read. */
function kubelet({ files }: KubeadmFacts): z.output<typeof kubeletConfig> {
  const texts = ["/var/lib/kubelet/config.yaml", "/var/lib/kubelet/instance-config.yaml"].flatMap(
    (path) => files.find((file) => file.path === path)?.text ?? [],
  );
  const parsed = texts.map((text) => {
    try {
      return kubeletConfig.safeParse(load(text)).data ?? {};
    } catch {
      return {};
    }
  });
  const configured = Object.assign({}, ...parsed) as z.output<typeof kubeletConfig>;
  const words = (files.find(({ path }) => path.endsWith("/kubeadm-flags.env"))?.text ?? "").split(/[\s"]+/);
  const endpoint = flag(words, "--container-runtime-endpoint");
  return endpoint === undefined ? configured : { ...configured, containerRuntimeEndpoint: endpoint };
}

/** The runtime that listens at a socket; `undefined` for one that is not known here. */
function runtimeOf(endpoint: string | undefined): "containerd" | "cri-dockerd" | undefined {
  const asked = socketPath(endpoint ?? "");
  if (asked.endsWith("cri-dockerd.sock")) return "cri-dockerd";
  return asked.endsWith("containerd.sock") ? "containerd" : undefined;
}

/** The cgroup driver of a runtime, the setting that decides it, and what says so. */
interface RuntimeDriver {
  readonly runtime: string;
  readonly driver: string;
  readonly setting: string;
  readonly evidence: string;
}

const daemonJsonPath = "/etc/docker/daemon.json";
const daemonJson = z.object({ "exec-opts": z.array(z.string()) });

/** Docker's, as it says itself, else as its file has it; `undefined` where neither does: it chooses by the host then. */
function dockerDriver({ docker, files }: KubeadmFacts): RuntimeDriver | undefined {
  const found = { runtime: "Docker", setting: `exec-opts in ${daemonJsonPath}` };
  if (docker !== undefined)
    return { ...found, driver: docker.cgroupDriver, evidence: `docker info: CgroupDriver ${docker.cgroupDriver}` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(files.find(({ path }) => path === daemonJsonPath)?.text ?? "{}");
  } catch {
    return undefined;
  }
  const driver = driverOfOptions(daemonJson.safeParse(parsed).data?.["exec-opts"] ?? []);
  return driver === undefined ? undefined : { ...found, driver, evidence: `${found.setting}: ${driver}` };
}

/** That of Docker or containerd, whichever kubelet asks. */
function runtimeDriver(kubeadm: KubeadmFacts): RuntimeDriver | undefined {
  const asked = runtimeOf(kubelet(kubeadm).containerRuntimeEndpoint || kubeadm.sockets[0]);
  if (asked === "cri-dockerd") return dockerDriver(kubeadm);
  const text = kubeadm.files.find(({ path }) => path === "/etc/containerd/config.toml")?.text;
  if (text === undefined || asked === undefined) return undefined;
  // that of runc: the first that is there; containerd's default is cgroupfs
  const driver = /^\s*SystemdCgroup\s*=\s*true/m.test(text) ? "systemd" : "cgroupfs";
  const setting = "SystemdCgroup in /etc/containerd/config.toml";
  return { runtime: "containerd", driver, setting, evidence: `${setting}: ${driver}` };
}

function cgroupDriver(facts: Facts, kubeadm: KubeadmFacts): Finding[] {
  const configured = kubelet(kubeadm).cgroupDriver;
  const journal = [...(facts.journal.kubelet ?? []), ...(facts.journal["cri-docker"] ?? [])];
  const refused = journal.findLast((line) => /cgroup driver: .* is different from docker cgroup driver/.test(line));
  const runtime = runtimeDriver(kubeadm);
  if (runtime === undefined || configured === undefined || configured === runtime.driver) return [];
  // a kubelet that the runtime tells its driver does not go by its own configuration
  const isTold = (facts.journal.kubelet ?? []).some((line) =>
    /cgroup driver setting received from the CRI runtime/i.test(line),
  );
  if (isTold && refused === undefined) return [];
  const evidence = [
    ...(refused === undefined ? [] : [refused]),
    `/var/lib/kubelet/config.yaml: cgroupDriver: ${configured}`,
    runtime.evidence,
  ];
  const { runtime: name, driver, setting } = runtime;
  return [finding("cgroup-driver-differs", { kubelet: configured, runtime: name, driver, setting }, { evidence })];
}

function sockets(kubeadm: KubeadmFacts): Finding[] {
  const { sockets: found } = kubeadm;
  const [socket] = found.toSorted((a, b) => Number(b.includes("cri-dockerd")) - Number(a.includes("cri-dockerd")));
  if (found.length < 2 || socket === undefined || kubelet(kubeadm).containerRuntimeEndpoint !== undefined) return [];
  return [
    finding(
      "cri-sockets-ambiguous",
      { count: String(found.length), sockets: found.join(", "), socket },
      { evidence: found.map((path) => `socket ${path}`) },
    ),
  ];
}

/** A node whose kubelet has a kubeconfig is part of a cluster, whether that runs or not. */
function hasCluster({ kubeconfigs }: KubeadmFacts): boolean {
  return kubeconfigs.includes("kubelet.conf");
}

function leftovers(facts: Facts, kubeadm: KubeadmFacts): Finding[] {
  if (hasCluster(kubeadm)) return [];
  const left = [
    ...kubeadm.manifests.map((name) => `/etc/kubernetes/manifests/${name}`),
    ...(kubeadm.etcdData ? ["/var/lib/etcd/member"] : []),
    // what a node joins with, and no init leaves, is there until kubelet has a certificate
    ...kubeadm.kubeconfigs.flatMap((name) => (name === "bootstrap-kubelet.conf" ? [] : [`/etc/kubernetes/${name}`])),
  ];
  if (left.length === 0) return [];
  const what = left.length > 2 ? `${left.slice(0, 2).join(", ")} and ${left.length - 2} more` : left.join(" and ");
  const runtime = kubeadm.sockets.find((path) => path.includes("cri-dockerd")) ?? kubeadm.sockets[0];
  const socket = `unix://${runtime ?? "/run/containerd/containerd.sock"}`;
  return [finding("kubeadm-leftovers", { what, socket }, { evidence: left })];
}

function ports(facts: Facts, kubeadm: KubeadmFacts): Finding[] {
  return kubeadm.listeners.flatMap(({ port, program }) => {
    const component = kubernetesPorts[port] ?? "";
    // the kernel cuts the name of a program at 15 characters
    const isOwn = program === component.slice(0, 15);
    if (isOwn && (hasCluster(kubeadm) || program === "kubelet")) return [];
    return [
      finding(
        "kubernetes-port-in-use",
        { port: String(port), component, program },
        { evidence: [`ss -ltnp: ${port} ${program}`] },
      ),
    ];
  });
}

/** A kubelet that was told to bear swap does not say this, whichever way it was told. */
function swap(facts: Facts): Finding[] {
  const [device] = facts.storage?.swaps ?? [];
  const refused = (facts.journal.kubelet ?? []).findLast((line) => /running with swap on is not supported/.test(line));
  if (device === undefined || refused === undefined || unit(facts, "kubelet")?.active === "active") return [];
  return [finding("swap-refused", { device }, { evidence: [refused, `/proc/swaps: ${device}`] })];
}

/** Units of the runtime that kubelet asks; where it is not told which, cri-dockerd is there because it is meant. */
function runtimeUnits(facts: Facts, kubeadm: KubeadmFacts): readonly string[] {
  const endpoint = kubelet(kubeadm).containerRuntimeEndpoint;
  const guessed = unit(facts, "cri-docker") === undefined ? "containerd" : "cri-dockerd";
  const runtime = endpoint ? runtimeOf(endpoint) : guessed;
  return { containerd: ["containerd"], "cri-dockerd": ["docker", "cri-docker"], other: [] }[runtime ?? "other"];
}

function services(facts: Facts, kubeadm: KubeadmFacts): Finding[] {
  const down = (name: string) => {
    const state = unit(facts, name);
    if (state === undefined || state.active === "active") return undefined;
    const described = describeUnit(state);
    return { state: described, evidence: lastWordsFirst(facts.journal[name] ?? []) };
  };
  const found = runtimeUnits(facts, kubeadm).flatMap((name) => {
    const one = down(name);
    return one === undefined ? [] : [finding("runtime-down", { unit: name, state: one.state }, one)];
  });
  // a kubelet without a cluster has nothing to run with, and restarts until kubeadm gives it something
  const own = hasCluster(kubeadm) ? down("kubelet") : undefined;
  return [...found, ...(own === undefined ? [] : [finding("kubelet-down", { state: own.state }, own)])];
}
