/** What is wrong with one program or library in an image. */
export interface ProgramProblem {
  /**
   * `architecture`: for another one. `float-abi`: RISC-V code of another floating-point calling convention. `interpreter`: its dynamic linker is
   * not in the image. `page-size`: its segments do not lie on the board's memory pages. `damaged`: an ELF file that cannot be read.
   */
  readonly kind: "architecture" | "float-abi" | "interpreter" | "page-size" | "damaged";
  /** Digest of the layer that brought the file. */
  readonly layer: string;
  /** Absolute path in the image. */
  readonly path: string;
  /** What the file is: `amd64`, `soft-float`, `/lib/ld-musl-riscv64.so.1`. */
  readonly found: string;
  /** What the board needs: `riscv64`, `double-float`. */
  readonly wanted: string;
  /** The problem as a sentence that names file and layer. */
  readonly message: string;
}

/** A problem that the configuration allows. */
export interface AllowedProblem extends ProgramProblem {
  /** Why, from the configuration. */
  readonly reason: string;
}

/**
 * `fits`: the board can run it. `absent`: the registry has no such tag. `platform`: the tag has other platforms only. `programs`: the manifest
 * is for the board, and the programs are not.
 */
export type Verdict = "fits" | "absent" | "platform" | "programs";

/** What an audit found out about one image. */
export interface ImageAudit {
  readonly verdict: Verdict;
  /** Digest that the reference points to: of an index or of a manifest. Missing where the tag is. */
  readonly digest?: string;
  /** Platforms that are offered, as `os/architecture[/variant]`. */
  readonly platforms: readonly string[];
  /** Digest of the manifest that the board gets. Missing where there is none for it. */
  readonly platformDigest?: string;
  /** What does not fit, after the allow-list. */
  readonly problems: readonly ProgramProblem[];
  /** What does not fit and is meant. */
  readonly allowed: readonly AllowedProblem[];
  /** ELF programs and libraries that were checked. */
  readonly programs: number;
  /** Bytes that were read from the store for this answer: 0 where everything was known. */
  readonly bytesRead: number;
  /** Whether the programs were known from an earlier audit of the same manifest. */
  readonly cached: boolean;
}
