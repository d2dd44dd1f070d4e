import { buildGo } from "../../tools/go";
import type { Progress } from "../../tools/progress";
import type { Architecture } from "../board/architecture";
import { elfOfFile } from "../images/elf-file";
import type { KubeadmConfig } from "./config";
import {
  cniPluginBuilds,
  containerdBuild,
  containerdPrograms,
  kubernetesBuild,
  kubernetesPrograms,
  type KubernetesProgram,
} from "./program-builds";
import { downloadedProgram, type ProgramAddress } from "./program-download";

/** A program of a node. */
export type NodeProgram =
  /** A file of this machine that is copied to the board. */
  | { readonly kind: "file"; readonly name: string; readonly local: string; readonly path: string }
  /** What a package of the distribution brings. */
  | { readonly kind: "package"; readonly name: string; readonly path: string };

/** A package of the distribution that brings programs. */
export interface ProgramPackage {
  readonly name: string;
  readonly version?: string;
}

/** Where the programs of a node come from, ready on this machine. */
export interface NodePrograms {
  /** By name: `kubelet`, `containerd`, `ctr`, `runc`. */
  readonly programs: ReadonlyMap<string, NodeProgram>;
  /** CNI plugins, built for the board. */
  readonly plugins: readonly { readonly name: string; readonly local: string }[];
  readonly packages: readonly ProgramPackage[];
}

/** A program of a node. @throws Error where there is none of that name. */
export function nodeProgram({ programs }: NodePrograms, name: string): NodeProgram {
  const found = programs.get(name);
  if (found === undefined) throw new Error(`there is no program ${name}`);
  return found;
}

/** Where copied programs lie on the board. */
const binDirectory = "/usr/local/bin";

/** Where kubeadm's CNI plugins lie, by upstream's custom and containerd's default. */
export const pluginDirectory = "/opt/cni/bin";

type Source = KubeadmConfig["source"] | Extract<KubeadmConfig["runtime"], { kind: "containerd" }>["source" | "runc"];

/**
 * Builds, downloads or finds the programs of a node, and checks that they are for the board before anything uses them.
 *
 * @param kubernetes - those of Kubernetes that the node needs. Defaults to all.
 * @throws Error that names the config path where one is not to be had or is for another architecture.
 */
export async function nodePrograms(
  config: KubeadmConfig,
  arch: Architecture,
  progress: Progress,
  kubernetes: readonly KubernetesProgram[] = kubernetesPrograms,
): Promise<NodePrograms> {
  const programs = new Map<string, NodeProgram>();
  const packages: ProgramPackage[] = [];
  const add = async (
    path: string,
    source: Source,
    names: readonly string[],
    ofPackage: readonly string[],
    build?: (name: string) => Promise<string>,
  ) => {
    if (source.kind === "package") {
      for (const name of ofPackage)
        packages.push({ name, ...(source.version === undefined ? {} : { version: source.version }) });
      for (const name of names) programs.set(name, { kind: "package", name, path: `/usr/bin/${name}` });
      return;
    }
    for (const name of names) {
      const local =
        source.kind === "module"
          ? ((await build?.(name)) ?? "")
          : await downloadedProgram(
              `${path}.${name}`,
              name,
              (source as unknown as Record<string, ProgramAddress>)[name],
              progress,
            );
      await checkArchitecture(`${path}.${name}`, local, arch);
      programs.set(name, { kind: "file", name, local, path: `${binDirectory}/${name}` });
    }
  };
  await add("kubeadm.source", config.source, kubernetes, kubernetes, async (name) => {
    const built = await buildGo(kubernetesBuild(name as KubernetesProgram, arch), progress);
    return built.path;
  });
  if (config.runtime.kind === "containerd") {
    const { source, runc } = config.runtime;
    await add("kubeadm.runtime.source", source, containerdPrograms, ["containerd"], async (name) => {
      const built = await buildGo(containerdBuild(name as (typeof containerdPrograms)[number], arch), progress);
      return built.path;
    });
    await add("kubeadm.runtime.runc", runc, ["runc"], ["runc"]);
  }
  const plugins: { name: string; local: string }[] = [];
  for (const build of cniPluginBuilds(arch))
    plugins.push({ name: build.name, local: (await buildGo(build, progress)).path });
  return { programs, plugins, packages };
}

async function checkArchitecture(path: string, local: string, arch: Architecture): Promise<void> {
  const machine = (await elfOfFile(local))?.machine;
  if (machine === arch) return;
  throw new Error(
    `${path}: ${local} is ${machine === undefined ? "no ELF program" : `for ${machine}`}, the board is ${arch}`,
  );
}
