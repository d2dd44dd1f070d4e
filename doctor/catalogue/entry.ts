/** How much a finding matters: an error keeps something from running, a warning will, a note only explains. */
export type Severity = "error" | "warning" | "note";

/** Where on a board something is wrong. */
export const areas = ["board", "services", "network", "registries", "images", "pods"] as const;

/** One of {@link areas}. */
export type Area = (typeof areas)[number];

/** A diagnosis: what is told of it. */
export interface Entry {
  readonly severity: Severity;
  readonly area: Area;
  /** The sentence, with what differs from board to board in braces. */
  readonly sentence: string;
  /** What mends it. */
  readonly remedy: string;
  /** What mends it on a node of kubeadm, where that is something else. */
  readonly kubeadmRemedy?: string;
  /** Findings that this one is a consequence of: where one of them is there, this one hangs on it and is not told by itself. */
  readonly because?: readonly string[];
}

/** Findings by which the whole of k3s, or of kubeadm's node, is down. */
export const downed = ["k3s-down", "containerd-down", "kubelet-down", "runtime-down"];
/** Findings about the host by which pods suffer. */
export const hostFaults = [
  "disk-full",
  "inodes-full",
  "clock-skew",
  "certificate-expired",
  "kubeadm-ca-expired",
  "certificate-not-yet-valid",
];
