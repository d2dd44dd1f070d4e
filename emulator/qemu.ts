import type { Accelerator, BoardType } from "./architectures";
import { neighbour } from "./board-system";
import type { BoardPorts } from "./ports";
import { quoteForShell } from "./ssh";

/** Memory of a board in MiB. Part of the saved state, so the same for all. */
export const memoryMebibytes = 4096;

/** What one start of QEMU differs in. */
export interface QemuStart {
  readonly accelerator: Accelerator;
  readonly kernel: string;
  readonly initrd: string;
  /** A qcow2 file that QEMU may write to. */
  readonly disk: string;
  readonly serialLog: string;
  readonly pidFile: string;
  readonly qmpSocket: string;
  /** Ports on 127.0.0.1. Not part of the machine's state: each start may have its own. */
  readonly ports: BoardPorts;
  /** Number of the board on the second network. */
  readonly number: number;
  /** UDP port of the multicast group on the loopback interface that carries the second network. */
  readonly neighbourPort: number;
  /** A saved state to go on from instead of booting. QEMU waits for `cont` then. */
  readonly state?: string;
}

/**
 * Arguments of QEMU for a board. A saved state fits exactly one list of devices, so all starts have the same, the second NIC included; PCI
 * addresses are fixed, so that the kernel finds eth0 before eth1.
 */
export function qemuArguments(type: BoardType, start: QemuStart): string[] {
  const forward = (host: number, guest: number) => `hostfwd=tcp:127.0.0.1:${host}-:${guest}`;
  return [
    ...["-machine", type.machine, "-accel", start.accelerator === "tcg" ? "tcg,thread=multi" : start.accelerator],
    ...["-cpu", type.cpu[start.accelerator], "-smp", "2", "-m", String(memoryMebibytes)],
    ...["-nodefaults", "-display", "none", "-no-user-config"],
    ...["-serial", `file:${start.serialLog}`, "-pidfile", start.pidFile],
    ...["-qmp", `unix:${escapeCommas(start.qmpSocket)},server=on,wait=off`],
    ...["-kernel", start.kernel, "-initrd", start.initrd],
    ...["-append", `root=/dev/vda rw console=${type.console} net.ifnames=0`],
    // Unsafe towards a crash of the host only: what the guest has flushed is with the host's kernel when QEMU is killed.
    ...["-drive", `if=none,id=disk,file=${escapeCommas(start.disk)},format=qcow2,cache=unsafe,discard=unmap`],
    ...["-device", "virtio-blk-pci,drive=disk,addr=0x2"],
    ...["-netdev", `user,id=uplink,${forward(start.ports.ssh, 22)},${forward(start.ports.api, 6443)}`],
    ...["-device", "virtio-net-pci,netdev=uplink,romfile=,addr=0x3"],
    ...["-netdev", `socket,id=neighbours,mcast=230.0.0.1:${start.neighbourPort},localaddr=127.0.0.1`],
    ...["-device", `virtio-net-pci,netdev=neighbours,romfile=,addr=0x4,mac=${neighbour(start.number).mac}`],
    ...["-device", "virtio-rng-pci,addr=0x5"],
    ...(start.state === undefined ? [] : ["-incoming", `exec:cat ${quoteForShell(start.state)}`]),
  ];
}

/** QEMU's option lists take a doubled comma for one that belongs to the value. */
function escapeCommas(value: string): string {
  return value.replaceAll(",", ",,");
}
