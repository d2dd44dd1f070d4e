import { z } from "zod";
import { type Architecture, architectures } from "../../components/board/architecture";
import { usualPageSize } from "../../components/images/programs";
import { preparedNetwork } from "../../components/kubeadm/cni/network";
import { nodePrograms } from "../../components/kubeadm/programs";
import { parseStackConfig } from "../../stacks/config";
import { kubeadmImages } from "../../stacks/kubeadm-images";
import type { Progress } from "../../tools/progress";

/** The Kubernetes of the tests. */
export const version = "v1.36.3";

/** The architecture of the boards: `K3S_BOARD_TEST_ARCH`. Defaults to riscv64. */
export const architecture = z.enum(architectures).default("riscv64").parse(process.env.K3S_BOARD_TEST_ARCH);

/**
 * Builds what a kubeadm stack on such a board builds, so that a command on a board takes the time that the board takes. Needs no board.
 *
 * @param section - further keys of `kubeadm`. Defaults to none.
 */
export async function buildForKubeadm(arch: Architecture, progress: Progress, section: object = {}): Promise<void> {
  const config = parseStackConfig({
    board: { host: "board.example", hostKey: "ssh-ed25519 AAAA", arch },
    kubeadm: { version, ...section },
  });
  if (!("kubeadm" in config)) throw new Error("this is no stack with kubeadm");
  await nodePrograms(config.kubeadm, arch, progress);
  await preparedNetwork(config.kubeadm, arch, progress);
  await kubeadmImages(config, { arch, pageSize: usualPageSize, progress });
}
