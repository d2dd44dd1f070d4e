import { resolve } from "node:path";
import type { GoBuild } from "../../tools/go";
import type { Architecture } from "../board/architecture";

/** Versions of what is built here: those in the go.mod files of `tools/modules`. */
export const bundledVersions = { kubernetes: "v1.36.3", containerd: "v2.4.2" } as const;

const modules = resolve(__dirname, "../../tools/modules");

/** Directory of the Go module with Kubernetes and etcd. */
export const kubernetesModule = resolve(modules, "kubernetes");

const runtimeModule = resolve(modules, "runtime");

const containerd = "github.com/containerd/containerd/v2";
const plugins = "github.com/containernetworking/plugins/plugins";

/** What the programs of Kubernetes say when they are asked for their version. */
export function kubernetesStamp(version: string): string[] {
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].map(
    (variable) => `-X ${variable}.gitVersion=${version}`,
  );
}

/** Programs of a node that are built from Kubernetes' Go module. */
export const kubernetesPrograms = ["kubeadm", "kubelet", "kubectl"] as const;

/** One of {@link kubernetesPrograms}. */
export type KubernetesProgram = (typeof kubernetesPrograms)[number];

/** How one of them is built. */
export function kubernetesBuild(name: KubernetesProgram, goarch: Architecture): GoBuild {
  return {
    module: kubernetesModule,
    packagePath: `k8s.io/kubernetes/cmd/${name}`,
    goarch,
    name,
    ldflags: kubernetesStamp(bundledVersions.kubernetes),
  };
}

/** containerd and what belongs to it. */
export const containerdPrograms = ["containerd", "ctr", "containerd-shim-runc-v2"] as const;

/** One of {@link containerdPrograms}. */
export type ContainerdProgram = (typeof containerdPrograms)[number];

/** How one of them is built. */
export function containerdBuild(name: ContainerdProgram, goarch: Architecture): GoBuild {
  return {
    module: runtimeModule,
    packagePath: `${containerd}/cmd/${name}`,
    goarch,
    name,
    ldflags: [`-X ${containerd}/version.Version=${bundledVersions.containerd}`],
  };
}

const pluginPaths = ["main/bridge", "main/loopback", "ipam/host-local", "meta/portmap", "meta/bandwidth"];

/** How the CNI plugins are built: what a bridge network and flannel's need. */
export function cniPluginBuilds(goarch: Architecture): GoBuild[] {
  return pluginPaths.map((path) => ({
    module: runtimeModule,
    packagePath: `${plugins}/${path}`,
    goarch,
    name: path.slice(path.indexOf("/") + 1),
  }));
}
