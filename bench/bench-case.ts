import type { Platform } from "../components/images/image";
import type { BenchRegistry } from "./bench-registry";
import type { OurRun } from "./ours";
import type { Cost } from "./measure";
import type { SampleImage } from "./sample-image";

/** `first`: nothing is known, nothing is there. `again`: the same right after, with nothing changed. */
export type Phase = "first" | "again";

/** What all cases share. */
export interface Ground {
  readonly platform: Platform;
  /** A registry with the sample image under `bench/sample:1`. */
  readonly source: BenchRegistry;
  readonly sample: SampleImage;
  /** Digests of the sample image's layers. */
  readonly layers: readonly string[];
  /** Directory with a Dockerfile and the program that is built for. */
  readonly context: string;
}

/** Where the sample image is in its registry. */
export const samplePlace = { repository: "bench/sample", tag: "1" } as const;

/** Takes down what a run cost. */
export interface Recorder {
  ours(phase: Phase, run: OurRun): void;
  /**
   * @param way - how it is done, for people.
   * @param partial - does less than ours: shown for comparison, not a part of the verdict.
   */
  theirs(phase: Phase, way: string, cost: Cost, partial?: boolean): void;
}

/** One comparison. Each run of a side gets a new directory, which is removed behind it. */
export interface BenchCase {
  readonly name: string;
  readonly about: string;
  ours(ground: Ground, directory: string, record: Recorder): Promise<void>;
  theirs(ground: Ground, directory: string, record: Recorder): Promise<void>;
}

/** @throws when a run did not do what it was measured for. */
export function expectSame(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what} is ${String(found)} instead of ${String(wanted)}`);
}
