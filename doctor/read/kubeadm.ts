import type { KubeadmFacts } from "../kubeadm-facts";
import { valuesOf } from "./host";
import { filesIn } from "./shown-files";

/** The network of an address with its length: `172.17.0.1/16` is in `172.17.0.0/16`; lengths other than 8, 16 and 24 stay as they are. */
function networkOf(address: string): string {
  const [, a, b, c, bits] = /^(\d+)\.(\d+)\.(\d+)\.\d+\/(\d+)$/.exec(address) ?? [];
  const kept = { "8": [a, "0", "0"], "16": [a, b, "0"], "24": [a, b, c] }[bits ?? ""];
  return kept === undefined ? address : `${kept.join(".")}.0/${bits}`;
}

/** Reads the section `journal-kubeadm`: lines by unit, each with the unit's name in front. */
export function readJournals(text: string): Record<string, string[]> {
  const journals: Record<string, string[]> = {};
  for (const line of text.split("\n")) {
    const [unit = "", ...words] = line.split(" ");
    if (unit !== "") (journals[unit] ??= []).push(words.join(" "));
  }
  return journals;
}

/** Reads the sections `kubeadm` and `kubeadm-files`; `undefined` for a board that has nothing of it. */
export function readKubeadm(text: string, files: string): KubeadmFacts | undefined {
  const values = valuesOf(text);
  if (values("kubeadm")[0] !== "present") return undefined;
  const [version, cgroupDriver] = values("docker")[0]?.split(" ") ?? [];
  const [criDockerd] = values("cri-dockerd");
  const [podSubnets] = values("pods");
  const seen = new Set<string>();
  const listeners = values("listen").flatMap((line) => {
    const [port = "", program = ""] = line.split(" ");
    const isNew = !seen.has(port);
    seen.add(port);
    return isNew && /^\d+$/.test(port)
      ? [{ port: Number(port), program: program || "a program that does not show" }]
      : [];
  });
  return {
    files: filesIn(files),
    manifests: values("manifest"),
    ...(podSubnets === undefined ? {} : { podSubnets: podSubnets.trim().split(",") }),
    etcdData: values("etcd")[0] === "present",
    kubeconfigs: values("kubeconfig"),
    sockets: values("socket"),
    listeners,
    ...(version === undefined || cgroupDriver === undefined
      ? {}
      : { docker: { version, cgroupDriver, bridge: networkOf(values("bridge")[0] ?? ""), images: values("image") } }),
    ...(criDockerd === undefined ? {} : { criDockerd }),
  };
}
