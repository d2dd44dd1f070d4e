import { createHash, randomBytes } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import type { Architecture } from "../components/board/architecture";
import { cached } from "../tools/cache";
import { runCommand } from "../tools/command";
import { hostArchitecture } from "../tools/host-architecture";
import { ensureCommands } from "../tools/host-packages";
import type { Progress } from "../tools/progress";
import { boardTypes, type Accelerator } from "./architectures";
import { boardRecipe, keepAwake, systemFiles, systemLinks } from "./board-system";
import { debianBase, recipeKey } from "./debian-base";
import { cutPower, monitorSocket, saveState, startMachine } from "./machine";
import { findPort } from "./ports";
import { runAsRoot, withRootDirectory } from "./privilege";
import { qemuArguments } from "./qemu";
import { qemuProgram, qemuVersion } from "./qemu-program";
import { knownHostsLine, makeKey, runWhenReachable, withoutComment, type BoardAddress } from "./ssh";

/** Everything that boards of one architecture start from. Read-only. */
export interface BoardImage {
  readonly directory: string;
  readonly kernel: string;
  readonly initrd: string;
  /** qcow2; forms a pair with {@link state}. */
  readonly disk: string;
  /** The running machine, saved shortly after its first boot. */
  readonly state: string;
  readonly identity: string;
  /** The board's host key, `<type> <base64>`. */
  readonly hostKey: string;
  readonly accelerator: Accelerator;
}

const diskBytes = 8 * 2 ** 30;
/** The first boot; a board beside other work on a slow machine took 114 s. */
const bootSeconds = 600;
/** What a machine with hardware virtualization gets before it is taken for one that only looks like it. */
const acceleratedBootSeconds = 90;

/**
 * The image of an architecture's boards: disk, keys, and the state of a machine that has booted from it. Made once per recipe and version of
 * QEMU, since a state fits only the QEMU that wrote it.
 *
 * @throws when a package or program is missing, or the board does not come up, with the end of its console.
 */
export async function boardImage(architecture: Architecture, progress: Progress): Promise<BoardImage> {
  const type = boardTypes[architecture];
  const why = `plays the ${architecture} board`;
  await ensureCommands(
    [
      { command: type.qemu, debianPackage: type.qemuPackage, why },
      { command: "qemu-img", debianPackage: "qemu-utils", why },
      { command: "mke2fs", debianPackage: "e2fsprogs", why },
      { command: "setpriv", debianPackage: "util-linux", why },
      { command: "ssh", debianPackage: "openssh-client", why: "reaches the board" },
      { command: "ssh-keygen", debianPackage: "openssh-client", why: "makes the board's keys" },
    ],
    progress,
  );
  const qemu = await qemuProgram(type, progress);
  const key = await imageKey(qemu, architecture);
  const directory = await cached("board-images", key, (unfinished) =>
    build(qemu, architecture, key, unfinished, progress),
  );
  return readImage(directory);
}

/** The image in a directory that {@link boardImage} made, or a board that links to its files. */
export async function readImage(directory: string): Promise<BoardImage> {
  const accelerator = (await readFile(join(directory, "accelerator"), "utf8")).trim();
  return {
    ...imageFiles(directory),
    hostKey: withoutComment(await readFile(join(directory, "ssh_host_ed25519_key.pub"), "utf8")),
    accelerator: accelerator === "kvm" ? "kvm" : "tcg",
  };
}

function imageFiles(directory: string) {
  return {
    directory,
    kernel: join(directory, "kernel"),
    initrd: join(directory, "initrd"),
    disk: join(directory, "disk.qcow2"),
    state: join(directory, "state"),
    identity: join(directory, "identity"),
  };
}

async function imageKey(qemu: string, architecture: Architecture): Promise<string> {
  const type = boardTypes[architecture];
  const version = await qemuVersion(qemu);
  const machine = accelerators(architecture).map((accelerator) =>
    qemuArguments(type, {
      ...{ accelerator, kernel: "", initrd: "", disk: "", serialLog: "", pidFile: "", qmpSocket: "", state: "" },
      ...{ ports: { ssh: 0, api: 0 }, number: 0, neighbourPort: 0 },
    }),
  );
  const system = {
    recipe: recipeKey(boardRecipe(architecture)),
    systemFiles,
    systemLinks,
    diskBytes,
    settle,
    version: 1,
  };
  const digest = createHash("sha256").update(JSON.stringify({ version, machine, system })).digest("hex");
  return `${architecture}-${digest.slice(0, 16)}`;
}

/** Accelerators to try, best first. A device file does not say whether a kernel really boots with it, only booting does. */
function accelerators(architecture: Architecture): Accelerator[] {
  try {
    if (architecture === hostArchitecture()) {
      accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
      return ["kvm", "tcg"];
    }
  } catch {
    // No hardware virtualization here.
  }
  return ["tcg"];
}

async function build(
  qemu: string,
  architecture: Architecture,
  key: string,
  directory: string,
  progress: Progress,
): Promise<void> {
  const archive = await debianBase(boardRecipe(architecture), progress);
  await progress.step(`making the disk of the ${architecture} board`, (note) =>
    withRootDirectory(key, (root) => makeDisk(archive, directory, root, note)),
  );
  const failures: string[] = [];
  for (const accelerator of accelerators(architecture)) {
    try {
      await progress.step(`booting the ${architecture} board once, and saving its state`, (note) =>
        bootAndSave(qemu, architecture, accelerator, directory, note),
      );
      await writeFile(join(directory, "accelerator"), accelerator);
      await rm(join(directory, "pristine.qcow2"));
      return;
    } catch (error) {
      failures.push(`with ${accelerator}: ${(error as Error).message}`);
    }
  }
  const untested = boardTypes[architecture].tested ? "" : ` (a board of this architecture was never tried by us)`;
  throw new Error(`the emulated ${architecture} board does not come up${untested}\n${failures.join("\n")}`);
}

async function makeDisk(archive: string, directory: string, root: string, note: (text: string) => void): Promise<void> {
  await makeKey(imageFiles(directory).identity);
  await makeKey(join(directory, "ssh_host_ed25519_key"));
  const settings = join(directory, "settings");
  for (const file of systemFiles) {
    const path = join(settings, file.path);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, file.content);
  }
  note("unpacking Debian");
  await runAsRoot(["tar", "--extract", "--numeric-owner", `--file=${archive}`, `--directory=${root}`]);
  await runAsRoot(["sh", "-s", root, directory, String(userInfo().uid)], {
    input: settleRoot(randomBytes(16).toString("hex")),
  });
  note("writing the file system");
  const raw = join(directory, "disk.raw");
  // Straight from the directory: no loop device, no mount. Without metadata_csum_seed the file system is one for older kernels as well.
  const format = ["-q", "-t", "ext4", "-O", "^metadata_csum_seed", "-L", "board", "-E", "root_owner=0:0", "-d", root];
  await runAsRoot(["mke2fs", ...format, raw, `${diskBytes / 1024}k`], { purpose: "writing the board's file system" });
  await runAsRoot(["chown", String(userInfo().uid), raw]);
  note("compacting the disk");
  await runCommand("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, join(directory, "pristine.qcow2")]);
  await Promise.all([raw, settings].map((path) => rm(path, { recursive: true })));
}

/** Turns the unpacked Debian into a board. Runs as root, with the root directory, the image's directory and our user number as arguments. */
function settleRoot(machineId: string): string {
  const install = systemFiles.map(
    (file) => `install -D -m ${file.mode ?? "0644"} "$image/settings/${file.path}" "${file.path}"`,
  );
  const link = Object.entries(systemLinks).map(
    ([path, target]) => `mkdir -p "$(dirname ${path})"; ln -sf ${target} ${path}`,
  );
  return `set -eu
root=$1 image=$2 user=$3
cd "$root"
for kernel in boot/vmlinux-* boot/vmlinuz-*; do
  if [ -e "$kernel" ]; then install -m 0644 -o "$user" "$kernel" "$image/kernel"; fi
done
install -m 0644 -o "$user" boot/initrd.img-* "$image/initrd"
rm -f boot/initrd.img-* etc/ssh/ssh_host_*
for name in ssh_host_ed25519_key ssh_host_ed25519_key.pub; do install -m 0600 -o 0 -g 0 "$image/$name" "etc/ssh/$name"; done
install -d -m 0700 -o 0 -g 0 root/.ssh
install -m 0600 -o 0 -g 0 "$image/identity.pub" root/.ssh/authorized_keys
echo ${machineId} > etc/machine-id
${[...install, ...link].join("\n")}
`;
}

/**
 * What the board does before it is saved. A second CPU that is offline is one thing less to go wrong in the resume; clean caches keep the
 * state small; and see {@link keepAwake}.
 */
const settle = `set -eu
systemctl is-system-running --wait > /dev/null || { systemctl --failed --no-legend >&2; exit 1; }
sync
echo 3 > /proc/sys/vm/drop_caches
echo 0 > /sys/devices/system/cpu/cpu1/online
${keepAwake}
`;

async function bootAndSave(
  qemu: string,
  architecture: Architecture,
  accelerator: Accelerator,
  directory: string,
  note: (text: string) => void,
): Promise<void> {
  const files = imageFiles(directory);
  await rm(files.disk, { force: true });
  await runCommand("cp", ["--reflink=auto", "--sparse=auto", join(directory, "pristine.qcow2"), files.disk]);
  const ports = { ssh: await findPort(`ssh ${directory}`), api: await findPort(`api ${directory}`) };
  const knownHosts = join(directory, "known_hosts");
  await writeFile(
    knownHosts,
    knownHostsLine(ports.ssh, await readFile(join(directory, "ssh_host_ed25519_key.pub"), "utf8")),
  );
  const address: BoardAddress = {
    host: "127.0.0.1",
    port: ports.ssh,
    user: "root",
    identity: files.identity,
    knownHosts,
  };
  const serialLog = join(directory, "console.log");
  const machine = await startMachine(
    qemu,
    boardTypes[architecture],
    {
      ...{ accelerator, kernel: files.kernel, initrd: files.initrd, disk: files.disk, serialLog },
      ...{ pidFile: join(directory, "pid"), qmpSocket: monitorSocket(directory) },
      ...{ ports, number: 0, neighbourPort: await findPort(`neighbours ${directory}`) },
    },
    "ours",
  );
  try {
    const begun = Date.now();
    note("waiting for its sshd");
    await runWhenReachable(address, () => settle, {
      timeoutSeconds: accelerator === "tcg" ? bootSeconds : acceleratedBootSeconds,
      attemptSeconds: 120,
      purpose: `booting the ${architecture} board`,
      stillRunning: machine.stopped,
    });
    note(`booted in ${Math.round((Date.now() - begun) / 1000)} s, saving the state`);
    await saveState(machine, files.state);
    await Promise.all([files.disk, files.state].map((path) => chmod(path, 0o400)));
    note(`state of ${Math.round((await stat(files.state)).size / 1e6)} MB`);
  } catch (error) {
    const log = (await readFile(serialLog, "utf8").catch(() => "")).split("\n").slice(-20).join("\n");
    throw new Error(`${(error as Error).message}\nthe end of its console:\n${log}`, { cause: error });
  } finally {
    await cutPower(machine);
    await rm(monitorSocket(directory), { force: true });
    await Promise.all(["pid", "pid.log", "known_hosts"].map((name) => rm(join(directory, name), { force: true })));
  }
}
