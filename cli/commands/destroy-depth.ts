import { z } from "zod";
import {
  depthSentences,
  kubeadmDepthSentences,
  onDestroyDepths,
  onDestroyVariable,
  type OnDestroy,
} from "../../provider/kubernetes/on-destroy";
import { UsageError } from "../errors";
import { type Distribution, distributionOf } from "./distribution";

/** Options of `destroy` that say how deep it goes. */
export interface DepthFlags {
  /** Leave k3s's data. */
  readonly keepData?: boolean;
  /** Take more than what was not there before. */
  readonly purge?: boolean;
}

const configured = z.object({ k3s: z.object({ onDestroy: z.enum(onDestroyDepths) }) });

/**
 * How deep a `destroy` goes: by its options, else by what the stack's configuration says now, whatever it said at the last `up`. `undefined` for a
 * project that has neither k3s nor kubeadm in its configuration.
 *
 * @param values - the configuration by key.
 * @throws UsageError where both options are given, and where the data of a cluster of kubeadm is to be kept: its nodes would be drained before one of
 * them refuses.
 */
export function chooseDepth(flags: DepthFlags, values: Readonly<Record<string, unknown>>): OnDestroy | undefined {
  requireOneDepth(flags);
  const isKubeadm = distributionOf(values) === "kubeadm";
  if (flags.keepData && isKubeadm)
    throw new UsageError("--keep-data is for k3s: a cluster of kubeadm is reset with its data");
  if (flags.keepData) return "keepData";
  if (flags.purge) return "purge";
  if (isKubeadm) return "remove";
  if (values.k3s === undefined) return undefined;
  const parsed = configured.safeParse(values);
  return parsed.success ? parsed.data.k3s.onDestroy : "remove";
}

/** @throws UsageError where both options are given. */
export function requireOneDepth({ keepData, purge }: DepthFlags): void {
  if (keepData && purge) throw new UsageError("--keep-data and --purge are opposites: give one of them");
}

/** What is told before anything is asked or done. */
export function depthLines(depth: OnDestroy, distribution: Distribution): string[] {
  const sentences =
    distribution === "kubeadm" && depth !== "keepData" ? kubeadmDepthSentences[depth] : depthSentences[depth];
  return [`destroy with ${depth}:`, ...sentences.map((sentence) => `  - ${sentence}`)];
}

/** Hands the depth to the provider, which the engine starts with this process's environment. */
export function passDepth(depth: OnDestroy, environment: NodeJS.ProcessEnv): void {
  environment[onDestroyVariable] = depth;
}
