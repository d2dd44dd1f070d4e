import { createHash } from "node:crypto";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../components/board/architecture";
import {
  cniPluginBuilds,
  containerdBuild,
  containerdPrograms,
  kubernetesModule,
} from "../components/kubeadm/program-builds";
import { cached } from "../tools/cache";
import { runCommand } from "../tools/command";
import { buildGo, type BuiltProgram, type GoBuild } from "../tools/go";
import { hostArchitecture } from "../tools/host-architecture";
import type { Progress } from "../tools/progress";

/**
 * The k3s that a launcher can be, by Kubernetes' minor version: what `k3s --version` says, and nodes show. Its Kubernetes is upstream's of the same
 * number. The newest follows k3s's layout and flags; the one before it differs in Kubernetes only, and is there to upgrade from.
 */
export const launcherVersions = { "1.36": "v1.36.3+k3s1", "1.35": "v1.35.4+k3s1" } as const;

/** A minor version of {@link launcherVersions}. */
export type LauncherMinor = keyof typeof launcherVersions;

/** A go.mod for what is in {@link kubernetesModule}, with the minor version before that one's. */
const formerModfile = join(kubernetesModule, "../kubernetes-1.35/go.mod");

/** Names by which the one file with the Kubernetes parts is called. */
const kubernetesPrograms = [
  "etcd",
  "kubectl",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubelet",
];

/** Packing the parts takes seconds; this bounds a machine that swaps. */
const packTimeoutSeconds = 600;

/**
 * Builds the launcher that stands in for k3s on an emulated board where no release of k3s can be had: one static program that carries the
 * Kubernetes parts, containerd, crictl and the network plugins, compressed. The first build of an architecture takes minutes of processor time, later
 * ones come from the cache.
 *
 * @param minor - which Kubernetes. Defaults to the newest.
 * @returns path of the program.
 * @throws when a part cannot be built, with the compiler's last lines.
 */
export async function buildLauncher(
  architecture: Architecture,
  progress: Progress,
  minor: LauncherMinor = "1.36",
): Promise<string> {
  const packer = await buildGo(packerBuild(), progress);
  const launcher = await buildGo(launcherBuild(architecture, minor), progress);
  const parts: BuiltProgram[] = [];
  for (const part of partBuilds(architecture, minor)) parts.push(await buildGo(part, progress));
  const key = createHash("sha256").update([packer, launcher, ...parts].map((program) => program.sha256).join("\n"));
  const directory = await cached(
    "launchers",
    `${architecture}-${key.digest("hex").slice(0, 24)}`,
    async (unfinished) => {
      const output = join(unfinished, "k3s");
      const links = kubernetesPrograms.flatMap((name) => ["-link", `${name}=kubernetes`]);
      await progress.step(`packing the k3s launcher for ${architecture}`, async () => {
        await runCommand(packer.path, ["-o", output, ...links, launcher.path, ...parts.map((part) => part.path)], {
          timeoutSeconds: packTimeoutSeconds,
        });
        await chmod(output, 0o755);
      });
    },
  );
  return join(directory, "k3s");
}

function packerBuild(): GoBuild {
  const goos = process.platform === "darwin" ? "darwin" : "linux";
  return { module: moduleDirectory("launcher"), packagePath: "./pack", goarch: hostArchitecture(), goos, name: "pack" };
}

function launcherBuild(goarch: Architecture, minor: LauncherMinor): GoBuild {
  const ldflags = [`-X main.version=${launcherVersions[minor]}`];
  return { module: moduleDirectory("launcher"), packagePath: ".", goarch, name: "k3s", ldflags };
}

/** What the launcher carries, the largest first, so that both cores of a board have work until the end of the unpacking. */
export function partBuilds(goarch: Architecture, minor: LauncherMinor = "1.36"): GoBuild[] {
  return [
    {
      module: kubernetesModule,
      ...(minor === "1.35" ? { modfile: formerModfile } : {}),
      packagePath: "./combined",
      goarch,
      name: "kubernetes",
      ldflags: [`-X k8s.io/component-base/version.gitVersion=${launcherVersions[minor]}`],
    },
    ...containerdPrograms.map((name) => containerdBuild(name, goarch)),
    { module: moduleDirectory("launcher"), packagePath: "./crictl", goarch, name: "crictl" },
    ...cniPluginBuilds(goarch),
  ];
}

function moduleDirectory(name: string): string {
  return join(__dirname, name);
}
