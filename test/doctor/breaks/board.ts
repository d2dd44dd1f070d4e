import { restart, configuration, type Break } from "./break";

const certificateFile = "/var/lib/rancher/k3s/server/tls/broken.crt";
/** Puts a certificate of its own beside k3s's, valid between two times of `date`. */
const certificate = (from: string, to: string) => `set -e; D=$(mktemp -d); cd "$D"; : >index; echo 01 >serial
printf '%s\\n' '[ca]' default_ca=d '[d]' database=index serial=serial new_certs_dir=. default_md=sha256 policy=p '[p]' commonName=supplied >conf
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /CN=broken -out csr 2>err || { cat err >&2; exit 1; }
openssl ca -batch -config conf -selfsign -notext -keyfile key -in csr -out ${certificateFile} \\
  -startdate "$(date -ud '${from}' +%y%m%d%H%M%SZ)" -enddate "$(date -ud '${to}' +%y%m%d%H%M%SZ)" 2>err || { cat err >&2; exit 1; }
rm -r "$D"`;
const noCertificate = () => `rm ${certificateFile}`;

/** What k3s stands on: memory, disks, the clock and what depends on it. */
export const boardBreaks: readonly Break[] = [
  {
    expected: "swap-on",
    break: () =>
      "dd if=/dev/zero of=/root/swap bs=1M count=16 2>/dev/null; chmod 600 /root/swap; mkswap -q /root/swap; swapon /root/swap",
    mend: () => "swapoff /root/swap; rm /root/swap",
    remedy: /prerequisites\.swap/,
  },
  {
    expected: "clock-skew",
    break: () => 'date -s "@$(($(date +%s) + 300))"',
    mend: () => 'date -s "@$(($(date +%s) - 300))"',
    remedy: /date -s/,
  },
  {
    expected: "inodes-full",
    // of a disk they would take an hour to fill
    break: () =>
      `df --output=itotal /run | tail -n 1 >/root/inodes
n=$(df --output=iused /run | tail -n 1); mount -o remount,nr_inodes=$((n + n / 22)) /run`,
    mend: () => "mount -o remount,nr_inodes=$(($(cat /root/inodes))) /run; rm /root/inodes",
    remedy: /du --inodes/,
  },
  {
    expected: "memory-cgroup-off",
    // the kernel's own list is covered: one without is another boot of the emulator
    break: () =>
      "sed 's/ *memory//' /sys/fs/cgroup/cgroup.controllers >/root/controllers; mount --bind /root/controllers /sys/fs/cgroup/cgroup.controllers",
    mend: () => "umount /sys/fs/cgroup/cgroup.controllers; rm /root/controllers",
    remedy: /cgroup_enable=memory/,
  },
  {
    expected: "certificate-expired",
    break: () => certificate("-40 days", "-2 days"),
    mend: noCertificate,
    remedy: /restart k3s/,
  },
  {
    expected: "certificate-expiring",
    break: () => certificate("-300 days", "+20 days"),
    mend: noCertificate,
    remedy: /restart k3s/,
  },
  {
    expected: "certificate-not-yet-valid",
    break: () => certificate("+20 days", "+300 days"),
    mend: noCertificate,
    remedy: /set the board's clock/,
  },
  {
    expected: "disk-full",
    break: () => "fallocate -l $(( ($(stat -f -c '%a * %S' /) ) - 100 * 1024 * 1024 )) /root/full",
    // kubelet holds on to the pressure for five minutes, and a new one does not know of it
    mend: () => `rm /root/full; ${restart}`,
    remedy: /free some space/,
  },
  {
    expected: "disk-pressure",
    break: () => `printf 'kubelet-arg:\\n- eviction-hard=nodefs.available<99%%\\n' >${configuration}; ${restart}`,
    mend: () => `rm ${configuration}; ${restart}`,
    remedy: /crictl rmi --prune/,
  },
];
