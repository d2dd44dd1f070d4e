import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Architecture } from "../components/board/architecture";
import { cacheDirectory, withLock } from "../tools/cache";
import { ensureCommands } from "../tools/host-packages";
import { hostArchitecture } from "../tools/host-architecture";
import { silentProgress, type Progress } from "../tools/progress";
import { debianBase } from "./debian-base";
import { findPort } from "./ports";
import { asRoot, runAsRoot } from "./privilege";
import { endProcess, isAlive, recordOf, type ProcessRecord } from "./process-record";
import {
  knownHostsLine,
  makeKey,
  quoteForShell,
  runOnBoard,
  runWhenReachable,
  withoutComment,
  type BoardAddress,
} from "./ssh";

/**
 * A Debian with its own systemd and sshd in a container of this machine: the quick board, for tests of files, units, drop-ins, timers, the
 * journal and packages. It shares kernel and network with this machine and has no cgroup controllers, so Kubernetes does not run on it.
 */
export interface NspawnBoard extends BoardAddress {
  readonly name: string;
  readonly architecture: Architecture;
  /** The board's host keys, `<type> <base64>` each. */
  readonly hostKeys: readonly string[];
  /** The pristine system again, on the same port with the same keys. */
  reset(): Promise<void>;
  /** Cuts the power and boots again from the same disk. */
  powerCycle(): Promise<void>;
  /** Ends the board and removes its disk. */
  stop(): Promise<void>;
}

const packages = [
  ...["systemd", "systemd-sysv", "dbus", "udev", "kmod", "openssh-server", "sudo", "iproute2", "procps", "util-linux"],
  ...["netbase", "ca-certificates", "curl", "iptables", "nftables"],
];

/**
 * Starts a board with systemd-nspawn, fresh whatever an earlier run with this name left behind. Needs root (or a sudo without password).
 *
 * @param name - letters, digits and dashes; boards with different names run side by side.
 * @param capabilities - that it has besides those of systemd-nspawn. With `CAP_NET_ADMIN` the network of this machine is in its reach: go into
 *   a network namespace first.
 * @param further - Debian packages that it has besides the usual ones. Firewalls among them are masked: their rules would be this machine's.
 * @throws when it does not let us in within 60 s, with the end of its console.
 */
export async function startNspawnBoard(
  name: string,
  progress: Progress = silentProgress,
  capabilities: readonly string[] = [],
  further: readonly string[] = [],
): Promise<NspawnBoard> {
  const architecture = hostArchitecture();
  const container = await prepare(name, architecture, progress, { capabilities, further });
  await container.start({ fresh: true });
  return {
    ...container.address,
    name,
    architecture,
    hostKeys: container.hostKeys,
    reset: () => container.start({ fresh: true }),
    powerCycle: () => container.start({ fresh: false }),
    stop: () => container.stop(),
  };
}

async function prepare(
  name: string,
  architecture: Architecture,
  progress: Progress,
  { capabilities, further }: { capabilities: readonly string[]; further: readonly string[] },
): Promise<Container> {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name))
    throw new Error(`board name ${JSON.stringify(name)}: lower-case letters, digits and dashes only`);
  const why = "runs the quick board of the tests";
  await ensureCommands(
    [
      { command: "systemd-nspawn", debianPackage: "systemd-container", why },
      { command: "ssh-keygen", debianPackage: "openssh-client", why },
      { command: "tar", debianPackage: "tar", why },
    ],
    progress,
  );
  const archive = await debianBase(
    { architecture, suite: "trixie", packages: [...packages, ...further], earlyFiles: {} },
    progress,
  );
  const directory = cacheDirectory("nspawn", name);
  const identity = join(directory, "identity");
  const hostKey = join(directory, "ssh_host_ed25519_key");
  return withLock(`nspawn-${name}`, async () => {
    for (const key of [identity, hostKey]) {
      if (!existsSync(key)) await makeKey(key);
    }
    await endContainer(name, await readRecord(directory));
    const port = await findPort(`nspawn ${directory}`);
    const publicKey = await readFile(`${hostKey}.pub`, "utf8");
    const knownHosts = join(directory, "known_hosts");
    await writeFile(knownHosts, knownHostsLine(port, publicKey));
    const address: BoardAddress = { host: "127.0.0.1", port, user: "root", identity, knownHosts };
    return new Container(name, directory, archive, address, [withoutComment(publicKey)], capabilities);
  });
}

class Container {
  private process: ProcessRecord | undefined;
  constructor(
    private readonly name: string,
    private readonly directory: string,
    private readonly archive: string,
    readonly address: BoardAddress,
    readonly hostKeys: readonly string[],
    private readonly capabilities: readonly string[],
  ) {}

  private get root(): string {
    return join(this.directory, "root");
  }

  async start(options: { fresh: boolean }): Promise<void> {
    await withLock(`nspawn-${this.name}`, async () => {
      await this.end();
      if (options.fresh) await this.unpack();
      const log = join(this.directory, "console.log");
      const output = await open(log, "w", 0o600);
      const [program, ...args] = asRoot(["sh", "-c", this.script()]);
      const child = spawn(program, args, { detached: true, stdio: ["ignore", output.fd, output.fd] });
      child.on("error", () => undefined);
      child.unref();
      await output.close();
      this.process = await this.started();
      await runWhenReachable(this.address, () => "systemctl is-system-running --wait >/dev/null; true", {
        timeoutSeconds: 60,
        attemptSeconds: 20,
        purpose: `starting the nspawn board ${this.name}`,
        stillRunning: () => (isAlive(this.process) ? undefined : "systemd-nspawn ended"),
      }).catch(async (error: unknown) => {
        const tail = (await readFile(log, "utf8").catch(() => "")).split("\n").slice(-15).join("\n");
        throw new Error(`${(error as Error).message}\nits console:\n${tail}`, { cause: error });
      });
    });
  }

  async stop(): Promise<void> {
    await withLock(`nspawn-${this.name}`, async () => {
      await this.end();
      await runAsRoot(["rm", "-rf", "--one-file-system", this.root]);
    });
  }

  /**
   * The shell around systemd-nspawn, which ends with 133 when the board reboots itself. Each gets a cgroup of its own: with `--keep-unit` the
   * container's systemd manages what is below its caller's cgroup, and two of them in one would end each other's services.
   */
  private script(): string {
    const pidFile = quoteForShell(join(this.directory, "pid"));
    const nspawn = [
      ...[
        "systemd-nspawn",
        "--quiet",
        "--boot",
        `--directory=${this.root}`,
        `--machine=board-${this.name}`,
        `--hostname=${this.name}`,
      ],
      ...[
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        "--resolv-conf=copy-host",
        "--link-journal=no",
        "--timezone=off",
      ],
      ...(this.capabilities.length === 0 ? [] : [`--capability=${this.capabilities.join(",")}`]),
    ];
    const start = `echo $$ > "$0/cgroup.procs"; exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 ${nspawn.map(quoteForShell).join(" ")}`;
    return [
      `echo $$ > ${pidFile}.new && mv ${pidFile}.new ${pidFile}`,
      findGroup(this.name),
      `while mkdir -p "$group" && sh -c ${quoteForShell(start)} "$group"; [ $? = 133 ]; do :; done`,
    ].join("\n");
  }

  private async end(): Promise<void> {
    await endContainer(this.name, this.process ?? (await readRecord(this.directory)));
    this.process = undefined;
    await rm(join(this.directory, "pid"), { force: true });
    await rm(join(this.directory, "process.json"), { force: true });
  }

  private async started(): Promise<ProcessRecord> {
    for (let waited = 0; waited < 10_000; waited += 20) {
      const text = await readFile(join(this.directory, "pid"), "utf8").catch(() => "");
      const record = text ? recordOf(Number(text)) : undefined;
      if (record) {
        await writeFile(join(this.directory, "process.json"), JSON.stringify(record));
        return record;
      }
      await sleep(20);
    }
    const log = await readFile(join(this.directory, "console.log"), "utf8").catch(() => "");
    throw new Error(`starting the nspawn board ${this.name}: systemd-nspawn did not start\n${log.trim()}`);
  }

  private async unpack(): Promise<void> {
    await runAsRoot(["rm", "-rf", "--one-file-system", this.root]);
    const unfinished = join(this.directory, "unpacking");
    await runAsRoot(["rm", "-rf", "--one-file-system", unfinished]);
    await mkdir(unfinished, { mode: 0o755 });
    await runAsRoot(["tar", "--extract", "--numeric-owner", `--file=${this.archive}`, `--directory=${unfinished}`]);
    const settings = [
      `Port ${this.address.port}`,
      "ListenAddress 127.0.0.1",
      "PermitRootLogin prohibit-password",
      // Every login comes from one address, and tests fail logins on purpose.
      "PerSourcePenalties no",
      "HostKey /etc/ssh/ssh_host_ed25519_key",
    ];
    await runAsRoot(["sh", "-euc", this.settleScript(), "settle", unfinished], { input: `${settings.join("\n")}\n` });
    await runAsRoot(["chown", "root:root", unfinished]);
    await rename(unfinished, this.root);
  }

  private settleScript(): string {
    const file = (name: string) => quoteForShell(join(this.directory, name));
    return `
      cd "$1"
      cat > etc/ssh/sshd_config.d/board.conf
      rm -f etc/ssh/ssh_host_*
      install -m 0600 -o 0 -g 0 ${file("ssh_host_ed25519_key")} etc/ssh/ssh_host_ed25519_key
      install -m 0644 -o 0 -g 0 ${file("ssh_host_ed25519_key.pub")} etc/ssh/ssh_host_ed25519_key.pub
      install -d -m 0700 -o 0 -g 0 root/.ssh
      install -m 0600 -o 0 -g 0 ${file("identity.pub")} root/.ssh/authorized_keys
      echo ${quoteForShell(this.name)} > etc/hostname
      printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' ${quoteForShell(this.name)} > etc/hosts
      for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer firewalld.service ufw.service; do
        ln -sf /dev/null "etc/systemd/system/$unit"
      done
    `;
  }
}

/** Shell that sets `group` to the cgroup v2 directory of a board. */
function findGroup(name: string): string {
  return `for base in /sys/fs/cgroup/unified /sys/fs/cgroup; do [ -e $base/cgroup.procs ] && break; done; group=$base/k3s-board-nspawn-${name}`;
}

/**
 * Ends a container with everything in it. Ending systemd-nspawn alone is not enough: what it started lives on for a while, and the next
 * systemd would share the cgroup with it.
 */
async function endContainer(name: string, record: ProcessRecord | undefined): Promise<void> {
  await endProcess(record, true);
  const script = `
    ${findGroup(name)}
    [ -d "$group" ] || exit 0
    if [ -e "$group/cgroup.kill" ]; then
      echo 1 > "$group/cgroup.kill"
    else
      find "$group" -name cgroup.procs -exec cat {} + | xargs -r kill -KILL 2>/dev/null || true
    fi
    tries=0
    while grep -q '^populated 1' "$group/cgroup.events"; do
      tries=$((tries + 1))
      if [ $tries -gt 300 ]; then echo "processes of the board are still there 15 s after SIGKILL" >&2; exit 1; fi
      sleep 0.05
    done
    find "$group" -depth -type d -exec rmdir {} +
  `;
  await runAsRoot(["sh", "-c", script], { timeoutSeconds: 60, purpose: `ending the nspawn board ${name}` });
}

async function readRecord(directory: string): Promise<ProcessRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, "process.json"), "utf8")) as ProcessRecord;
  } catch {
    return undefined;
  }
}

/** Runs a script on a board; for tests that look from outside or break something. */
export function runOnNspawnBoard(board: NspawnBoard, script: string, timeoutSeconds = 60): Promise<string> {
  return runOnBoard(board, script, timeoutSeconds, `a script on the nspawn board ${board.name}`);
}
