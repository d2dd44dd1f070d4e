import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { RegistryEndpoint } from "../k3s/registries";
import type { Registry } from "../registry/registry";
import { bridgeConflist, bridgePath } from "./cni/bridge";
import type { KubeadmConfig } from "./config";
import type { NodeIdentity } from "./configuration";
import { kubeletConfigFile, kubeletDropIn, kubeletFlagsFile, kubeletPaths, kubeletUnit } from "./kubelet";
import { nodeProgram, type NodeProgram, type NodePrograms, pluginDirectory } from "./programs";
import {
  containerdConfigFile,
  containerdPaths,
  containerdUnit,
  containerdUnitName,
  hostsFile,
} from "./runtime/containerd";
import { CriDockerdRuntime } from "./runtime/cri-dockerd";
import type { CriDockerd } from "./runtime/cri-dockerd-source";
import { criDockerService } from "./runtime/cri-dockerd-unit";
import type { DockerOnBoard } from "./runtime/docker";
import { runtimeSockets } from "./runtime/sockets";

/** What every node of a cluster by kubeadm is made from, whatever it is there. */
export interface KubeadmNodeArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: KubeadmConfig;
  readonly node: NodeIdentity;
  readonly programs: NodePrograms;
  /** Full name of the pod sandbox's image. */
  readonly pauseImage: string;
  /** Registries that the private one stands in for, and its own `host:port`. */
  readonly mirrored: readonly string[];
  /** The private registry as this node reaches it. */
  readonly registry: Registry;
  /** Where the runtime is Docker: cri-dockerd, and Docker's configuration as the board has it. */
  readonly docker?: { readonly criDockerd: CriDockerd; readonly onBoard: DockerOnBoard };
  /** Files that the runtime reads at its start besides its configuration: a proxy's. */
  readonly otherFiles: readonly board.ServiceFileArgs[];
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
  /** What the runtime waits for besides. Defaults to nothing. */
  readonly beforeRuntime?: readonly pulumi.Resource[];
}

/** What a node has before its kubelet. */
export interface NodeBase {
  readonly packages: readonly board.Package[];
  /** What runs containers, by the service that kubelet needs. */
  readonly runtime: board.SystemdService;
  /** Where kubelet and kubeadm ask it. */
  readonly criSocket: string;
}

/**
 * Programs, CNI plugins and the runtime of a node. When they go, `-data` goes last and takes away what is left.
 *
 * @param name - what the names of the resources begin with.
 */
export function nodeBase(name: string, args: KubeadmNodeArgs, parent: pulumi.ComponentResource): NodeBase {
  const { connection, config, programs } = args;
  const data = new board.KubeadmData(`${name}-data`, { connection }, { parent, dependsOn: [...args.after] });
  const child = { parent, dependsOn: [data] };
  const packages = programs.packages.map(
    ({ name: wanted, version }) =>
      new board.Package(
        `${name}-package-${wanted}`,
        { connection, name: wanted, ...(version === undefined ? {} : { version }) },
        child,
      ),
  );
  // kubelet's package brings CNI plugins of the same paths along: whichever came last would be on the board
  const files = nodeFiles(name, args, { parent, dependsOn: [data, ...packages] });
  const after = [data, ...packages, ...files, ...(args.beforeRuntime ?? [])];
  const runtime = runtimeService(name, args, { packages, after, parent });
  return { packages, runtime, criSocket: runtimeSockets[config.runtime.kind] };
}

/** How {@link kubeletService} differs from node to node. */
export interface KubeletParts {
  readonly base: NodeBase;
  readonly health: board.HealthArgs;
  /** The node, where its cluster is asked about it elsewhere than here. Defaults to what `health` says. */
  readonly cluster?: board.NodeAccessArgs;
  /** Whatever else restarts it when it changes. Defaults to nothing. */
  readonly restartTriggers?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly after: readonly pulumi.Resource[];
  readonly parent: pulumi.ComponentResource;
}

/** kubelet with its unit, drop-in, configuration and flags: one transaction. */
export function kubeletService(
  name: string,
  { connection, config, node, programs, pauseImage }: KubeadmNodeArgs,
  { base: { packages, criSocket }, health, cluster, restartTriggers = {}, after, parent }: KubeletParts,
): board.SystemdService {
  const kubelet = nodeProgram(programs, "kubelet");
  const { version, runtime, startTimeoutSeconds } = config;
  const needed = runtime.kind === "containerd" ? containerdUnitName : criDockerService;
  const triggers = { ...packageTriggers(kubelet, packages), ...restartTriggers };
  return new board.SystemdService(
    `${name}-kubelet`,
    {
      connection,
      name: "kubelet",
      ...serviceProgram(kubelet, (binary) => kubeletUnit(binary, needed)),
      ...(Object.keys(triggers).length === 0 ? {} : { restartTriggers: triggers }),
      files: [
        { path: kubeletPaths.dropIn, content: kubeletDropIn(kubelet.path) },
        { path: kubeletPaths.config, content: kubeletConfigFile(config, criSocket) },
        { path: kubeletPaths.flags, content: kubeletFlagsFile({ version, node, pauseImage }) },
      ],
      health,
      ...(cluster === undefined ? {} : { cluster }),
      timeoutSeconds: startTimeoutSeconds,
    },
    { parent, dependsOn: [...after] },
  );
}

function runtimeService(
  name: string,
  args: KubeadmNodeArgs,
  {
    packages,
    after,
    parent,
  }: {
    readonly packages: readonly board.Package[];
    readonly after: readonly pulumi.Resource[];
    readonly parent: pulumi.ComponentResource;
  },
): board.SystemdService {
  const { connection, config, programs, registry, docker } = args;
  if (config.runtime.kind === "cri-dockerd") {
    if (docker === undefined) throw new Error("there is no cri-dockerd");
    const { endpoint, ca } = registry;
    const runtime = new CriDockerdRuntime(
      `${name}-runtime`,
      {
        connection,
        config: config.runtime,
        program: docker.criDockerd,
        docker: docker.onBoard,
        sandboxImage: args.pauseImage,
        registry: {
          endpoint,
          isMirror: args.mirrored.includes("docker.io"),
          ...(ca === undefined ? {} : { ca: ca.content }),
        },
        proxyFiles: args.otherFiles,
        startTimeoutSeconds: config.startTimeoutSeconds,
        after,
      },
      { parent },
    );
    return runtime.service;
  }
  const containerd = nodeProgram(programs, "containerd");
  const triggers = packageTriggers(containerd, packages);
  return new board.SystemdService(
    `${name}-containerd`,
    {
      connection,
      name: containerdUnitName,
      ...serviceProgram(containerd, containerdUnit),
      ...(Object.keys(triggers).length === 0 ? {} : { restartTriggers: triggers }),
      files: [
        {
          path: containerdPaths.config,
          content: containerdConfigFile({ config: config.runtime, sandboxImage: args.pauseImage }),
        },
        ...args.otherFiles,
      ],
      timeoutSeconds: config.startTimeoutSeconds,
    },
    { parent, dependsOn: [...after] },
  );
}

/** Programs that are no service's own, CNI plugins, the network's configuration, and how containerd asks registries. */
function nodeFiles(
  name: string,
  { connection, config, programs, mirrored, registry }: KubeadmNodeArgs,
  child: pulumi.CustomResourceOptions,
): board.File[] {
  const file = (part: string, args: Omit<board.FileArgs, "connection">) =>
    new board.File(`${name}-${part}`, { connection, ...args }, child);
  const { endpoint, ca } = registry;
  const content = (text: string) => (endpoint.password === undefined ? text : pulumi.secret(text));
  return [
    ...[...programs.programs.values()].flatMap((one) =>
      one.kind === "file" && !services.has(one.name)
        ? [file(one.name, { path: one.path, source: one.local, mode: "0755" })]
        : [],
    ),
    ...programs.plugins.map((plugin) =>
      file(`cni-${plugin.name}`, {
        path: `${pluginDirectory}/${plugin.name}`,
        source: plugin.local,
        mode: "0755",
      }),
    ),
    ...(config.cni.kind === "bridge"
      ? [file("cni", { path: bridgePath, content: bridgeConflist(config.podSubnet), mode: "0644" })]
      : []),
    ...(config.runtime.kind === "containerd"
      ? [
          ...mirrored.map((host) => file(`mirror-${host}`, hosts(host, endpoint, content))),
          ...(ca === undefined ? [] : [file("registry-ca", { path: ca.path, content: ca.content, mode: "0644" })]),
        ]
      : []),
  ];
}

/** Programs that come and go with a service of theirs. */
const services = new Set(["kubelet", "containerd"]);

function hosts(
  host: string,
  endpoint: RegistryEndpoint,
  content: (text: string) => pulumi.Input<string>,
): Omit<board.FileArgs, "connection"> {
  const mode = endpoint.password === undefined ? "0644" : "0600";
  return { path: containerdPaths.hosts(host), content: content(hostsFile(host, endpoint)), mode };
}

/** The unit and program of a service, where they are ours and not the distribution's. */
function serviceProgram(
  program: NodeProgram,
  unit: (binary: string) => string,
): Pick<board.SystemdServiceArgs, "unit" | "program"> {
  const { path } = program;
  return program.kind === "file" ? { unit: unit(path), program: { path, source: program.local } } : {};
}

/** What restarts a service of the distribution when its package changes. */
function packageTriggers(
  { kind }: NodeProgram,
  packages: readonly board.Package[],
): Readonly<Record<string, pulumi.Input<string>>> {
  if (kind === "file") return {};
  return { packages: pulumi.all(packages.map((one) => one.installedVersion)).apply((all) => all.join(" ")) };
}
