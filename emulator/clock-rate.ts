import { z } from "zod";
import type { Architecture } from "../components/board/architecture";
import { hostArchitecture } from "../tools/host-architecture";
import { ensureFiles } from "../tools/host-packages";
import type { Progress } from "../tools/progress";

/** Environment variable with how much of a second passes on the emulated boards in a second: 0.25 for a quarter. Without it, all of it. */
export const clockRateVariable = "K3S_BOARD_CLOCK_RATE";

/** Debian's directories of libraries, by architecture. */
const multiarch: Readonly<Record<Architecture, string>> = {
  riscv64: "riscv64-linux-gnu",
  arm64: "aarch64-linux-gnu",
  amd64: "x86_64-linux-gnu",
};

const rateSchema = z.coerce.number().min(0.05).max(1);

/**
 * How fast the clock of emulated boards runs.
 *
 * @throws for a value that is no number from 0.05 to 1.
 */
export function clockRate(environment: Readonly<Record<string, string | undefined>> = process.env): number {
  const text = environment[clockRateVariable];
  if (text === undefined || text === "") return 1;
  const rate = rateSchema.safeParse(text);
  if (!rate.success) throw new Error(`${clockRateVariable}=${text}: a number from 0.05 to 1 is wanted`);
  return rate.data;
}

/**
 * What QEMU's environment needs for a clock of that rate: libfaketime between it and the host's clocks, installed where it is missing. To a board
 * with a slow clock everything seems quick, so what Kubernetes gives a second to has more of this machine's time: on a machine whose processors
 * others use as well, probes, leases and scrapes end in time as they do on a real board.
 */
export async function clockEnvironment(rate: number, progress: Progress): Promise<Record<string, string>> {
  if (rate === 1) return {};
  const library = `/usr/lib/${multiarch[hostArchitecture()]}/faketime/libfaketimeMT.so.1`;
  await ensureFiles(
    [{ file: library, debianPackage: "libfaketime", why: `slows the boards' clock (${clockRateVariable})` }],
    progress,
  );
  return { LD_PRELOAD: library, FAKETIME: `+0 x${rate}` };
}
