import { parseFacts } from "../../provider/facts/facts";
import { parseImageTable } from "../../provider/containerd/image-list";
import { factsFormat, type Facts } from "../facts";
import type { Gathered } from "../gather/gather";
import { isSilent, whyUnseen } from "../gather/section";
import { sections, type SectionName } from "../gather/sections";
import { readCertificates, readIptables, readKernel, readNetwork, readSecurity, readStorage, readUnits } from "./host";
import { readJournals, readKubeadm } from "./kubeadm";
import { readDeployments, readEvents, readNodes, readPods } from "./kubernetes";
import { readContainers, readSandboxes } from "./runtime";
import { filesIn } from "./shown-files";

const journals = {
  k3s: "journal-k3s",
  "k3s-agent": "journal-k3s-agent",
  containerd: "journal-containerd",
  "k3s-board-registry": "journal-registry",
} as const satisfies Record<string, SectionName>;

/** Makes facts of what was heard of a board. */
export function readFacts({ board, at, took, answers, api }: Gathered): Facts {
  const unseen: Facts["unseen"] = [];
  /** Reads a section that was seen; notes one that was not. */
  const seen = <T>(name: SectionName, read: (text: string) => T | undefined): T | undefined => {
    const section = sections[name];
    const why = whyUnseen(section, answers[name]);
    const value = why === undefined ? read(answers[name].text) : undefined;
    const silent = isSilent(section, answers[name]) ? { silent: true as const } : {};
    if (value === undefined) unseen.push({ what: section.title, why: why ?? "the answer cannot be read", ...silent });
    return value;
  };
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  const units = seen("units", readUnits);
  const journal = {
    ...Object.fromEntries(Object.entries(journals).map(([unit, name]) => [unit, seen(name, lines) ?? []] as const)),
    ...seen("journal-kubeadm", readJournals),
  };
  if (api.trouble !== undefined) unseen.push({ what: "Kubernetes API", why: api.trouble });
  const read = {
    host: seen("board", (text) => {
      const { machine, kernel, hostname, os, cgroupVersion, cgroupControllers, memoryBytes, pageSize, cpus } =
        parseFacts(text);
      if (machine === "") return undefined;
      return { machine, kernel, hostname, os, cgroupVersion, cgroupControllers, memoryBytes, pageSize, cpus };
    }),
    kernel: seen("kernel", readKernel),
    storage: seen("storage", readStorage),
    security: seen("security", readSecurity),
    network: seen("network", readNetwork),
    iptables: seen("iptables", readIptables),
    units,
    certificates: seen("certificates", readCertificates),
    images: seen("ctr-images", parseImageTable)?.map((image) => ({ ...image, platforms: [...image.platforms] })),
    sandboxes: seen("crictl-pods", readSandboxes),
    containers: seen("crictl-ps", readContainers),
    nodes: api.nodes && readNodes(api.nodes),
    pods: api.pods && readPods(api.pods),
    events: api.events && readEvents(api.events),
    deployments: api.deployments && readDeployments(api.deployments),
    corefile: api.corefile,
    k3s: k3sFacts(answers, api.version, units, journal),
    kubeadm: readKubeadm(answers.kubeadm.text, answers["kubeadm-files"].text),
  };
  return {
    format: factsFormat,
    board,
    at: Math.round(at / 1000),
    took: Math.round(took / 1000),
    unseen,
    journal,
    podLogs: (seen("pod-logs", lines) ?? []).map((line) => {
      const [container = "", ...rest] = line.split(" ");
      return { container, line: rest.join(" ") };
    }),
    ...(Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as typeof read),
  };
}

function k3sFacts(
  answers: Gathered["answers"],
  apiVersion: string | undefined,
  units: Facts["units"],
  journal: Facts["journal"],
): Facts["k3s"] {
  const loaded = (name: string) => units?.some((unit) => unit.name === name && unit.load === "loaded") === true;
  const role = loaded("k3s.service") ? "server" : loaded("k3s-agent.service") ? "agent" : undefined;
  const files = filesIn(answers["k3s-files"].text);
  if (role === undefined && files.length === 0 && answers.version.code === 127) return undefined;
  const told = [answers.version.text, ...Object.values(journal).flat().toReversed()];
  const version =
    apiVersion ??
    told.flatMap((line) => /(?:k3s version|Starting k3s(?: agent)?) (v[\d.]+\S*)/.exec(line)?.[1] ?? [])[0];
  return {
    ...(version === undefined ? {} : { version }),
    ...(role === undefined ? {} : { role }),
    files,
    containerdFiles: filesIn(answers["containerd-files"].text),
    dataFiles: answers.manifests.text.split("\n").flatMap((line) => {
      const [, mtime, size, path] = /^@ (\d+) (\d+) (.+)$/.exec(line) ?? [];
      return path === undefined ? [] : [{ path, mtime: Number(mtime), size: Number(size) }];
    }),
  };
}
