import type { Platform } from "../image";

/** A platform as an index or an image configuration names it. */
export interface OfferedPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** Variants that every CPU of an architecture runs, as containerd normalizes them; riscv64's is Go's and the RVA profiles' lowest. */
const baseVariants: Readonly<Record<Platform["architecture"], readonly string[]>> = {
  arm64: ["", "8", "v8"],
  amd64: ["", "v1"],
  riscv64: ["", "rva20u64"],
};

/** `linux/arm64/v8`. */
export function platformText({ os, architecture, variant }: OfferedPlatform): string {
  return [os, architecture, variant].filter(Boolean).join("/");
}

/** Whether a board takes what is offered: the same system and architecture, and no variant beyond what each of its CPUs runs. */
export function platformFits(offered: OfferedPlatform, wanted: Platform): boolean {
  return (
    offered.os === wanted.os &&
    offered.architecture === wanted.architecture &&
    baseVariants[wanted.architecture].includes(offered.variant ?? "")
  );
}
