/** What a board says of itself. Read in one question; nothing is judged here. */
export interface Facts {
  /** `uname -m`: `riscv64`, `aarch64`, `x86_64`, … */
  readonly machine: string;
  /** `uname -r`. */
  readonly kernel: string;
  readonly hostname: string;
  /** IPv4 address that the board uses towards its default route; empty where it has none. */
  readonly address: string;
  /** `PRETTY_NAME` of os-release: "Debian GNU/Linux 13 (trixie)". */
  readonly os: string;
  /** `ID` of os-release: `debian`, `openEuler`, … */
  readonly osId: string;
  /** `VERSION_ID` of os-release; empty for a rolling release. */
  readonly osVersion: string;
  /** The program that packages are installed with; absent where it is neither of these. */
  readonly packageManager?: "apt" | "dnf";
  /** The board's clock when it was asked: seconds since 1970. */
  readonly clockSeconds: number;
  /** 2: one unified hierarchy; 1: the old ones, or the mix of both. */
  readonly cgroupVersion: 1 | 2;
  /** Controllers that the root cgroup offers. */
  readonly cgroupControllers: string[];
  readonly memoryBytes: number;
  readonly swapBytes: number;
  readonly cpus: number;
  /** Bytes; 65536 on some arm64 kernels. */
  readonly pageSize: number;
  /** Changes with each boot. */
  readonly bootId: string;
  /** Major version; absent where systemd is not what runs the board. */
  readonly systemdVersion?: number;
  /** Bytes left on the file system of /var/lib. */
  readonly diskFreeBytes: number;
  /** Those of {@link hostPrograms} that are on the board. */
  readonly hostPrograms: readonly string[];
  /** Whether the kernel forwards packets of IPv4; absent where it does not say. */
  readonly forwards?: boolean;
  /** Configuration files of k3s that are not ours, in their usual place. They may hold secrets. */
  readonly k3sFiles: readonly { readonly path: string; readonly text: string }[];
  /** Variables of k3s in the environment files of its units, by the name of the unit. Of one that holds a secret only that it is set. */
  readonly k3sEnvironment: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Programs of the distribution that a cluster may call on its host. */
export const hostPrograms = ["conntrack", "crictl", "iptables", "nft"] as const;

/** Bytes of a configuration file that are read. */
const configFileLimit = 64 * 1024;

/**
 * A shell fragment that prints what the board says of itself and nothing of its files, which may hold secrets, as `name=value` lines; few
 * processes, because each takes its time on a small board.
 */
export const hostFragment = `set -- $(uname -srm); echo "kernel=$2"; echo "machine=$3"
read -r h </proc/sys/kernel/hostname; echo "hostname=$h"
read -r b </proc/sys/kernel/random/boot_id; echo "bootId=$b"
o=/etc/os-release; [ -r $o ] || o=/usr/lib/os-release
[ ! -r $o ] || ( . $o; echo "os=$PRETTY_NAME"; echo "osId=$ID"; echo "osVersion=$VERSION_ID" )
if command -v apt-get >/dev/null; then echo packages=apt; elif command -v dnf >/dev/null; then echo packages=dnf; fi
echo "clock=$(date +%s)"
while read -r k v _; do case $k in MemTotal:) echo "memory=$v" ;; SwapTotal:) echo "swap=$v" ;; esac; done </proc/meminfo
if [ -r /sys/fs/cgroup/cgroup.controllers ]; then read -r c </sys/fs/cgroup/cgroup.controllers; echo "controllers=$c"; fi
echo "cpus=$(getconf _NPROCESSORS_ONLN)"; echo "pageSize=$(getconf PAGESIZE)"
[ ! -d /run/systemd/system ] || echo "systemd=$(systemctl --version)"
echo "route=$(ip -4 route get 192.0.2.1 2>/dev/null)"
echo "free=$(df --output=avail -k /var/lib)"`;

/** A shell fragment that prints the facts: {@link hostFragment}, what a cluster finds on its host, and the configuration of k3s. */
export const factsFragment = `${hostFragment}
for p in ${hostPrograms.join(" ")}; do ! command -v $p >/dev/null || echo "hostProgram=$p"; done
f=/proc/sys/net/ipv4/ip_forward; [ ! -r $f ] || { read -r v <$f; echo "forwards=$v"; }
for f in /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*; do
  case $f in *-k3s-board*.yaml) continue ;; esac
  [ ! -f "$f" ] || echo "k3sFile=$(head -c ${configFileLimit} -- "$f" | base64 -w 0) $f"
done
for u in k3s k3s-agent; do
  for f in /etc/default/$u /etc/sysconfig/$u /etc/systemd/system/$u.service.env; do
    [ -r $f ] || continue
    while IFS= read -r l || [ -n "$l" ]; do case $l in
      K3S_*TOKEN*=?* | K3S_*SECRET*=?* | K3S_*AUTH=?* | K3S_*ENDPOINT=?*) echo "k3sEnvironment=$u \${l%%=*}=(set)" ;;
      K3S_*=?*) echo "k3sEnvironment=$u $l" ;;
    esac; done <$f
  done
done`;

/** Reads what {@link factsFragment} or {@link hostFragment} prints. */
export function parseFacts(output: string): Facts {
  const values = new Map(
    output.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const text = (name: string) => values.get(name) ?? "";
  const number = (name: string) => Number.parseInt(text(name), 10) || 0;
  const packages = text("packages");
  const systemd = /^systemd (\d+)/.exec(text("systemd"))?.[1];
  // `df` prints a heading first, so the number is on the line after "free=".
  const free = /^free=\D*(\d+)/m.exec(output)?.[1];
  return {
    machine: text("machine"),
    kernel: text("kernel"),
    hostname: text("hostname"),
    address: / src (\S+)/.exec(text("route"))?.[1] ?? "",
    os: text("os"),
    osId: text("osId"),
    osVersion: text("osVersion"),
    ...(packages === "apt" || packages === "dnf" ? { packageManager: packages } : {}),
    clockSeconds: number("clock"),
    cgroupVersion: values.has("controllers") ? 2 : 1,
    cgroupControllers: text("controllers").split(" ").filter(Boolean),
    memoryBytes: number("memory") * 1024,
    swapBytes: number("swap") * 1024,
    cpus: number("cpus"),
    pageSize: number("pageSize"),
    bootId: text("bootId"),
    ...(systemd === undefined ? {} : { systemdVersion: Number(systemd) }),
    diskFreeBytes: Number(free ?? 0) * 1024,
    hostPrograms: [...output.matchAll(/^hostProgram=(.+)$/gm)].map(([, name = ""]) => name),
    ...(values.has("forwards") ? { forwards: text("forwards") === "1" } : {}),
    k3sFiles: [...output.matchAll(/^k3sFile=(\S*) (.*)$/gm)].map(([, content = "", path = ""]) => ({
      path,
      text: Buffer.from(content, "base64").toString("utf8"),
    })),
    k3sEnvironment: environments(output),
  };
}

/** Of a variable that is set several times the last value, as systemd has it. */
function environments(output: string): Record<string, Record<string, string>> {
  const units: Record<string, Record<string, string>> = {};
  for (const [, unit = "", name = "", value = ""] of output.matchAll(/^k3sEnvironment=(\S+) (\w+)=(.*)$/gm))
    units[unit] = { ...units[unit], [name]: value.trim().replace(/^(["'])(.*)\1$/, "$2") };
  return units;
}
