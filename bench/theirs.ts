import { mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Platform } from "../components/images/image";
import { CommandError, runCommand } from "../tools/command";
import { ensureCommands, type CommandNeed } from "../tools/host-packages";
import type { Progress } from "../tools/progress";

const why = "what the benchmark compares with";
const needs: readonly CommandNeed[] = [
  { command: "buildah", debianPackage: "buildah", why },
  { command: "skopeo", debianPackage: "skopeo", why },
  { command: "file", debianPackage: "file", why },
  { command: "tar", debianPackage: "tar", why },
  { command: "bash", debianPackage: "bash", why: "measures processor time" },
];

/** Installs the programs of the other side. @returns their versions, for the report. */
export async function prepareTheirs(progress: Progress): Promise<Readonly<Record<string, string>>> {
  await ensureCommands(needs, progress);
  const versionOf = async (command: string) =>
    /\d+(\.\d+)+/.exec((await runCommand(command, ["--version"])).stdout)?.[0] ?? "unknown";
  return { buildah: await versionOf("buildah"), skopeo: await versionOf("skopeo"), tar: await versionOf("tar") };
}

/** Where skopeo keeps what it knows of blobs when it runs as root; it has no option for that. */
const rootsBlobCache = "/var/lib/containers/cache";

/** Takes away what skopeo leaves outside of the benchmark's directory, where it was not there before. */
export async function withoutTraces<Result>(work: () => Promise<Result>): Promise<Result> {
  const were = [rootsBlobCache, "/var/lib/containers"].filter((path) => !existsSync(path));
  try {
    return await work();
  } finally {
    const [newest] = were.slice(-1);
    if (newest !== undefined) await rm(newest, { recursive: true, force: true });
  }
}

/** Environment that keeps the tools' per-user files in a directory. */
export function theirEnvironment(directory: string): Record<string, string> {
  return { XDG_DATA_HOME: join(directory, "data"), XDG_RUNTIME_DIR: directory, TMPDIR: directory };
}

/** `skopeo copy` into an OCI layout. */
export function pull(image: string, platform: Platform, layout: string): string[] {
  const wanted = ["--override-os", platform.os, "--override-arch", platform.architecture];
  return ["skopeo", ...wanted, "copy", "--quiet", "--src-tls-verify=false", `docker://${image}`, `oci:${layout}:bench`];
}

/** `skopeo inspect`, which tells the digest under a tag. */
export function inspect(image: string, platform: Platform): string[] {
  const wanted = ["--override-os", platform.os, "--override-arch", platform.architecture];
  return ["skopeo", ...wanted, "inspect", "--tls-verify=false", "--format", "{{.Digest}}", `docker://${image}`];
}

/** What `file` says of a program of an architecture. */
const fileWords = { riscv64: "UCB RISC-V", arm64: "ARM aarch64", amd64: "x86-64" } as const;

const auditScript = `
set -euo pipefail
words=$1; layout=$2; root=$3; layers=$4; shift 4
"$@"
mkdir "$root"
for layer in $layers; do tar -xzf "$layout/blobs/sha256/$layer" -C "$root"; done
find "$root" -type f -exec file --brief {} + | grep -c "^ELF 64-bit.*$words"`;

/** Pull, unpack, look at every file. Prints the number of programs that fit. */
export function auditByHand(
  image: string,
  platform: Platform,
  { layout, tree, layers }: { layout: string; tree: string; layers: readonly string[] },
): string[] {
  const hex = layers.map((digest) => digest.replace("sha256:", "")).join(" ");
  const words = fileWords[platform.architecture];
  return ["bash", "-c", auditScript, "bash", words, layout, tree, hex, ...pull(image, platform, layout)];
}

/** `skopeo copy` from registry to registry. */
export function copy(from: string, to: string): string[] {
  const plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
  return ["skopeo", "copy", "--quiet", "--all", ...plain, `docker://${from}`, `docker://${to}`];
}

const buildScript = `
set -euo pipefail
platform=$1; context=$2; image=$3; shift 3
"$@" build --quiet --layers --platform "$platform" --tag bench "$context" >&2
"$@" push --quiet --tls-verify=false bench "docker://$image"`;

/** A place for buildah's images. */
export class Buildah {
  private constructor(
    private readonly command: readonly string[],
    readonly driver: string,
  ) {}

  /** A new one below a directory. With overlay, where this machine can, which is what people have; else with plain copies. */
  static async at(directory: string): Promise<Buildah> {
    let trouble: unknown;
    for (const driver of ["overlay", "vfs"]) {
      const place = join(directory, driver);
      const command = ["buildah", "--root", join(place, "root"), "--runroot", join(place, "run"), "--storage-driver"];
      const buildah = new Buildah([...command, driver], driver);
      await mkdir(place, { recursive: true });
      try {
        const [program = "buildah", ...args] = buildah.command;
        await runCommand(program, [...args, "images"], { env: theirEnvironment(directory) });
        return buildah;
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        trouble = error;
      }
    }
    throw trouble;
  }

  /** Builds from a directory with a Dockerfile, and pushes. */
  buildAndPush(context: string, platform: Platform, image: string): string[] {
    const name = `${platform.os}/${platform.architecture}`;
    return ["bash", "-c", buildScript, "bash", name, context, image, ...this.command];
  }
}

/** Writes what buildah builds from: one program, on nothing. */
export async function writeContext(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "Dockerfile"), 'FROM scratch\nCOPY coredns /coredns\nENTRYPOINT ["/coredns"]\n');
}
