import type { Architecture } from "../components/board/architecture";

/** An accelerator of QEMU. */
export type Accelerator = "kvm" | "tcg";

/** How QEMU plays a board of one architecture. */
export interface BoardType {
  /** Whether it was run: image, boot, saved state, a cluster. */
  readonly tested: boolean;
  readonly qemu: string;
  /** Debian package with {@link qemu}. */
  readonly qemuPackage: string;
  /** Package in Debian's backports with a newer one, for releases whose own is slow. */
  readonly backportsPackage?: string;
  /** QEMU's user-mode emulator, static. */
  readonly userEmulator: string;
  readonly machine: string;
  /** CPU model by accelerator. */
  readonly cpu: Readonly<Record<Accelerator, string>>;
  /** Kernel's name of the first serial port. */
  readonly console: string;
  /** Debian package with the kernel. */
  readonly kernelPackage: string;
}

/** The boards that can be played. */
export const boardTypes: Readonly<Record<Architecture, BoardType>> = {
  riscv64: {
    tested: true,
    qemu: "qemu-system-riscv64",
    qemuPackage: "qemu-system-misc",
    backportsPackage: "qemu-system-riscv",
    userEmulator: "qemu-riscv64-static",
    machine: "virt",
    cpu: { tcg: "rv64", kvm: "host" },
    console: "ttyS0",
    kernelPackage: "linux-image-riscv64",
  },
  arm64: {
    tested: true,
    qemu: "qemu-system-aarch64",
    qemuPackage: "qemu-system-arm",
    userEmulator: "qemu-aarch64-static",
    machine: "virt",
    // no pointer authentication, which QEMU computes at every call of a function where the processor has it
    cpu: { tcg: "cortex-a76", kvm: "host" },
    console: "ttyAMA0",
    kernelPackage: "linux-image-arm64",
  },
  amd64: {
    tested: false,
    qemu: "qemu-system-x86_64",
    qemuPackage: "qemu-system-x86",
    userEmulator: "qemu-x86_64-static",
    machine: "q35",
    cpu: { tcg: "max", kvm: "host" },
    console: "ttyS0",
    kernelPackage: "linux-image-amd64",
  },
};
