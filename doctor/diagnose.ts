import { hostFindings } from "./diagnoses/host";
import { imageFindings } from "./diagnoses/images";
import { k3sFindings } from "./diagnoses/k3s";
import { kubeadmFindings } from "./diagnoses/kubeadm";
import { networkFindings } from "./diagnoses/network";
import { pauseFindings } from "./diagnoses/pause";
import { mirrorFindings, pullFindings } from "./diagnoses/registries";
import type { Facts } from "./facts";
import { finding, forKubeadm, layered, type Finding } from "./findings";
import { isOfKubeadm } from "./node";
import { chainOf, isWell, troubles, warningOf } from "./trouble";

const diagnoses = [
  hostFindings,
  k3sFindings,
  kubeadmFindings,
  pauseFindings,
  networkFindings,
  mirrorFindings,
  pullFindings,
  imageFindings,
] as const;

/** What is wrong on a board: roots first, each once, with what hangs on it. Pure; a healthy board has no finding. */
export function diagnose(facts: Facts): Finding[] {
  const found = diagnoses.flatMap((look) => look(facts));
  const told = layered([...found, ...unexplained(facts, found)]);
  return isOfKubeadm(facts) ? told.map(forKubeadm) : told;
}

/** Pods that are not Ready for a reason that no other diagnosis knows. */
function unexplained(facts: Facts, found: readonly Finding[]): Finding[] {
  const explained = found.flatMap(({ hangs }) => hangs);
  const all = troubles(facts);
  return (facts.pods ?? [])
    .filter((pod) => !isWell(pod) && !explained.some((line) => line.startsWith(chainOf(pod))))
    .map((pod) => {
      const own = all.filter((trouble) => trouble.pod === pod);
      const waiting = pod.statuses.find((status) => !status.ready)?.waiting?.reason;
      const reason =
        own[0]?.reason ?? waiting ?? (pod.phase === "Running" ? "Running, and its probe fails" : pod.phase);
      // a container whose probe fails has no trouble of its own to tell
      const warning = warningOf(facts, pod);
      const told = own.length > 0 || warning === undefined ? own : [warning];
      const evidence = told.map(({ reason, message }) => `${reason}: ${message}`);
      const pods = { pod: `${pod.namespace}/${pod.name}`, namespace: pod.namespace, name: pod.name };
      return finding("pod-not-ready", { ...pods, reason }, { evidence, hangs: [chainOf(pod)], node: pod.node });
    });
}
