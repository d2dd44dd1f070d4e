import { sampleLayout, type SampleEntry, type SampleLayer } from "../components/images/audit/samples";
import { elfBytes } from "../components/images/elf-samples";
import type { Platform } from "../components/images/image";

/** The image that is audited and mirrored. */
export interface SampleImage {
  /** OCI layout. */
  readonly directory: string;
  readonly digest: string;
  /** Number of programs in it. */
  readonly programs: number;
}

const mebibyte = 1024 * 1024;
const machines = { riscv64: { machine: 243, flags: 5 }, arm64: { machine: 183 }, amd64: { machine: 62 } } as const;
/** Number of programs and their bytes, in each of the layers with programs. */
const programLayers = [
  { programs: 400, bytes: 256 * 1024 },
  { programs: 40, bytes: 2.5 * mebibyte },
] as const;
/** Layers of data that does not compress. */
const dataLayers = [42 * mebibyte, 42 * mebibyte] as const;

/** Writes the image as an OCI layout below a directory: the same one every time. About 200 MB as it travels, 290 MB unpacked. */
export async function writeSampleImage(parent: string, platform: Platform): Promise<SampleImage> {
  const random = new Random(1);
  const layers: SampleLayer[] = [];
  let programs = 0;
  for (const [at, layer] of programLayers.entries()) {
    const entries: Record<string, SampleEntry> = {};
    for (let number = 0; number < layer.programs; number++) {
      const header = elfBytes(machines[platform.architecture]);
      entries[`/usr/lib/bench-${at}/program-${number}`] = Buffer.concat([header, random.code(layer.bytes)]);
    }
    programs += layer.programs;
    layers.push({ entries });
  }
  for (const [at, bytes] of dataLayers.entries()) {
    layers.push({ entries: { [`/usr/share/bench-${at}/data`]: random.noise(bytes) } });
  }
  return { ...(await sampleLayout(parent, { [`linux/${platform.architecture}`]: layers })), programs };
}

/** The same numbers every time (xorshift32). */
class Random {
  #state: number;
  readonly #words: Uint32Array;

  constructor(seed: number) {
    this.#state = seed;
    this.#words = Uint32Array.from({ length: 4096 }, () => this.#next());
  }

  /** Bytes that do not compress. */
  noise(bytes: number): Buffer {
    const content = Buffer.alloc(bytes);
    for (let at = 0; at + 4 <= bytes; at += 4) content.writeUInt32LE(this.#next(), at);
    return content;
  }

  /** Bytes that compress as programs do, to about two fifths: words of a few thousand that occur more or less often. */
  code(bytes: number): Buffer {
    const content = Buffer.alloc(bytes);
    for (let at = 0; at + 4 <= bytes; at += 4) {
      const number = this.#next();
      content.writeUInt32LE(this.#words[number & (number >>> 12) & 0xfff] ?? 0, at);
    }
    return content;
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
}
