import type { Architecture } from "../components/board/architecture";
import { boardTypes } from "./architectures";
import type { DebianRecipe } from "./debian-base";

/** A file of the board's root file system. */
export interface SystemFile {
  readonly path: string;
  readonly content: string;
  /** Octal. Defaults to 0644. */
  readonly mode?: string;
}

/** Name of the board that the image is made as; other boards get theirs when they are resumed. */
export const imageHostName = "dev";

/** What k3s asks of a board beside itself: runc and iptables are looked for on PATH, ipset serves network policies. */
const k3sNeeds = ["runc", "iptables", "nftables", "ipset"];

/** Debian with systemd, sshd and what k3s needs, for one architecture. */
export function boardRecipe(architecture: Architecture): DebianRecipe {
  return {
    architecture,
    suite: "trixie",
    packages: [
      ...["systemd", "systemd-sysv", "dbus", "udev", "kmod", "procps", "util-linux", "openssh-server", "sudo"],
      ...["iproute2", "netbase", "ca-certificates", "curl", "zstd", "e2fsprogs"],
      ...k3sNeeds,
      ...["initramfs-tools", boardTypes[architecture].kernelPackage],
    ],
    earlyFiles: {
      // The drivers of this one machine instead of everybody's: the initrd is a tenth of the size and takes a tenth of the time to make.
      "etc/initramfs-tools/conf.d/board.conf": "MODULES=list\nCOMPRESS=zstd\n",
      "usr/share/initramfs-tools/modules.d/board": "virtio_pci\nvirtio_mmio\nvirtio_blk\nvirtio_net\next4\n",
    },
  };
}

/** Files that make the Debian of {@link boardRecipe} this board. */
export const systemFiles: readonly SystemFile[] = [
  { path: "etc/hostname", content: `${imageHostName}\n` },
  { path: "etc/hosts", content: hostsFile(imageHostName) },
  { path: "etc/fstab", content: "/dev/vda / ext4 noatime 0 0\n" },
  { path: "etc/resolv.conf", content: "nameserver 10.0.2.3\n" },
  {
    // A static address: k3s ends when there is no default route, and waiting for DHCP is time lost at every boot.
    path: "etc/systemd/network/10-uplink.network",
    content: "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\nDNS=10.0.2.3\nIPv6AcceptRA=no\n",
  },
  {
    path: "etc/ssh/sshd_config.d/board.conf",
    // Every login comes from QEMU's one address, and tests fail logins on purpose.
    content: "PermitRootLogin prohibit-password\nPerSourcePenalties no\nHostKey /etc/ssh/ssh_host_ed25519_key\n",
  },
];

/** Symbolic links of the root file system: path to target. */
export const systemLinks: Readonly<Record<string, string>> = {
  "etc/systemd/system/multi-user.target.wants/systemd-networkd.service":
    "/usr/lib/systemd/system/systemd-networkd.service",
  "etc/systemd/system/sockets.target.wants/systemd-networkd.socket": "/usr/lib/systemd/system/systemd-networkd.socket",
  ...Object.fromEntries(
    // Nothing may wake up by itself and change the board, or hold apt's lock, in the middle of a test.
    [
      ...["systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer"],
      ...["dpkg-db-backup.timer", "fstrim.timer", "e2scrub_all.timer", "e2scrub_reap.service"],
    ].map((unit) => [`etc/systemd/system/${unit}`, "/dev/null"]),
  ),
};

/** `/etc/hosts` of a board. */
export function hostsFile(hostName: string): string {
  return `127.0.0.1 localhost\n127.0.1.1 ${hostName}\n::1 localhost ip6-localhost ip6-loopback\n`;
}

/** The second network, where boards see each other: address and MAC of a board's number (1 to 254). */
export function neighbour(number: number): { readonly address: string; readonly mac: string } {
  return {
    address: `192.168.77.${number}`,
    mac: `52:54:00:77:00:${number.toString(16).padStart(2, "0")}`,
  };
}

/**
 * Shell that leaves a program running which arms a timer for a moment long past, again and again, until the resumed board ends it.
 *
 * QEMU's RISC-V machine does not arm the CPU's timer again when it loads a state. Linux still believes that it is armed, so it sets no later
 * one, and the first thing that waits for time waits for ever: logins hung after the key exchange (seen with QEMU 7.2). A timer in the
 * past comes before whatever Linux believes in, so it is always set, and its interrupt puts everything right.
 */
export const keepAwake = `case $(uname -m) in x86_64) create=283 set=286 ;; *) create=85 set=86 ;; esac
setsid perl -e '
  my ($create, $set) = @ARGV;
  my $timer = syscall($create, 1, 0);
  my $past = pack("q4", 0, 0, 0, 1);
  while (1) { syscall($set, $timer, 1, $past, 0); for (1 .. 1000) {} }
' $create $set < /dev/null > /dev/null 2>&1 &
echo $! > /run/board-awake`;

/**
 * Makes a board its own after it came up: clock, second CPU, name, address on the second network; on disk before anybody cuts its power. What comes
 * from the saved state is the same for all boards, and the MAC is in it as well: QEMU's command line has no say in it after a resume.
 *
 * @param now - milliseconds since 1970.
 * @param entropy - hex; the random state, too, is the saved one.
 */
export function personalizeScript(board: { name: string; number: number }, now: number, entropy: string): string {
  const { address, mac } = neighbour(board.number);
  const network = `[Match]\\nName=eth1\\n\\n[Link]\\nMACAddress=${mac}\\n\\n[Network]\\nAddress=${address}/24\\nIPv6AcceptRA=no\\n`;
  return `set -eu
if [ -e /run/board-awake ]; then kill "$(cat /run/board-awake)" || true; rm /run/board-awake; fi
date -u -s @${(now / 1000).toFixed(3)} >/dev/null
echo ${entropy} > /dev/urandom
[ "$(cat /sys/devices/system/cpu/cpu1/online)" = 1 ] || echo 1 > /sys/devices/system/cpu/cpu1/online
if [ "$(cat /etc/hostname)" != ${board.name} ]; then
  echo ${board.name} > /etc/hostname
  echo ${board.name} > /proc/sys/kernel/hostname
  printf '${hostsFile(board.name).replaceAll("\n", "\\n")}' > /etc/hosts
fi
if [ ! -e /etc/systemd/network/20-neighbours.network ]; then
  printf '${network}' > /etc/systemd/network/20-neighbours.network
  networkctl reload
fi
sync
`;
}
