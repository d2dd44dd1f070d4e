import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import type { RegistryEndpoint } from "../k3s/registries";
import type { Registry } from "../registry/registry";
import { bridgeConflist, bridgePath } from "./cni/bridge";
import { networkParts, type PreparedNetwork } from "./cni/network";
import type { KubeadmConfig } from "./config";
import {
  adminKubeconfig,
  controlPlaneTaint,
  kubeadmConfiguration,
  type NodeIdentity,
  superAdminKubeconfig,
} from "./configuration";
import { kubeletConfigFile, kubeletDropIn, kubeletFlagsFile, kubeletPaths, kubeletUnit } from "./kubelet";
import { type NodeProgram, type NodePrograms, pluginDirectory } from "./programs";
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

/** Arguments of {@link KubeadmServer}. */
export interface KubeadmServerArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly config: KubeadmConfig;
  readonly node: NodeIdentity;
  readonly programs: NodePrograms;
  /** Where images are taken from: `127.0.0.1:5000`. */
  readonly imageRepository: string;
  /** Full name of the pod sandbox's image. */
  readonly pauseImage: string;
  /** Registries that the private one stands in for, and its own `host:port`. */
  readonly mirrored: readonly string[];
  /** The private registry as this node reaches it. */
  readonly registry: Registry;
  /** Names and addresses for the API server's certificate. */
  readonly certSANs: readonly string[];
  /** Where the runtime is Docker: cri-dockerd, and Docker's configuration as the board has it. */
  readonly docker?: { readonly criDockerd: CriDockerd; readonly onBoard: DockerOnBoard };
  /** The network of pods where it is no bridge. */
  readonly network?: PreparedNetwork;
  /** Files that the runtime reads at its start besides its configuration: a proxy's. */
  readonly otherFiles: readonly board.ServiceFileArgs[];
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * A control plane made by kubeadm on a board of its own: programs, the runtime, the network of the pods, certificates and static pods, kubelet, and
 * what kubeadm keeps in the cluster.
 *
 * What happens when it goes follows from what depends on what: kubelet stops, kubeadm resets the node while the runtime runs, the runtime stops, the
 * files go, and `-data` takes away what is left.
 */
export class KubeadmServer extends pulumi.ComponentResource {
  /** The cluster; what depends on a running Kubernetes depends on it. */
  readonly cluster: board.KubeadmCluster;

  constructor(name: string, args: KubeadmServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:kubeadm:KubeadmServer", name, {}, opts);
    const { connection, config, node, programs } = args;
    const data = new board.KubeadmData(`${name}-data`, { connection }, { parent: this, dependsOn: [...args.after] });
    const child = { parent: this, dependsOn: [data] };
    const packages = programs.packages.map(
      ({ name: wanted, version }) =>
        new board.Package(
          `${name}-package-${wanted}`,
          { connection, name: wanted, ...(version === undefined ? {} : { version }) },
          child,
        ),
    );
    const files = this.files(name, args, child);
    const runtime = this.runtime(name, args, packages, [data, ...packages, ...files]);
    const criSocket = runtimeSockets[config.runtime.kind];
    const kubeadm = {
      connection,
      kubeadm: program(programs, "kubeadm").path,
      config: kubeadmConfiguration({ ...args, criSocket }),
    };
    const controlPlane = new board.KubeadmControlPlane(
      `${name}-control-plane`,
      {
        ...kubeadm,
        criSocket,
        ignorePreflightErrors: config.ignorePreflightErrors,
        timeoutSeconds: config.startTimeoutSeconds,
      },
      { parent: this, dependsOn: [runtime] },
    );
    const kubelet = program(programs, "kubelet");
    const service = new board.SystemdService(
      `${name}-kubelet`,
      {
        connection,
        name: "kubelet",
        ...serviceProgram(
          kubelet,
          (binary) => kubeletUnit(binary, config.runtime.kind === "containerd" ? containerdUnitName : criDockerService),
          packages,
        ),
        files: [
          { path: kubeletPaths.dropIn, content: kubeletDropIn(kubelet.path) },
          { path: kubeletPaths.config, content: kubeletConfigFile(config, criSocket) },
          { path: kubeletPaths.flags, content: kubeletFlagsFile({ ...args, version: config.version }) },
        ],
        health: {
          kind: "kubernetes",
          kubeconfig: superAdminKubeconfig,
          node: node.name,
          ...(args.network === undefined ? {} : { networkLater: true }),
        },
        timeoutSeconds: config.startTimeoutSeconds,
      },
      { parent: this, dependsOn: [controlPlane] },
    );
    this.cluster = new board.KubeadmCluster(
      `${name}-cluster`,
      { ...kubeadm, node: node.name, taints: config.untaint ? [] : [controlPlaneTaint] },
      { parent: this, dependsOn: [service] },
    );
    if (args.network !== undefined) {
      const { network } = args;
      const { podSubnet, startTimeoutSeconds } = config;
      networkParts(
        `${name}-network`,
        {
          connection,
          network,
          podSubnet,
          nodeName: node.name,
          kubectl: program(programs, "kubectl").path,
          kubeconfig: adminKubeconfig,
          startTimeoutSeconds,
          after: [this.cluster],
        },
        this,
      );
    }
    this.registerOutputs({});
  }

  /** What runs containers, by the service that kubelet needs. */
  private runtime(
    name: string,
    args: KubeadmServerArgs,
    packages: readonly board.Package[],
    after: readonly pulumi.Resource[],
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
        { parent: this },
      );
      return runtime.service;
    }
    return new board.SystemdService(
      `${name}-containerd`,
      {
        connection,
        name: containerdUnitName,
        ...serviceProgram(program(programs, "containerd"), containerdUnit, packages),
        files: [
          {
            path: containerdPaths.config,
            content: containerdConfigFile({ config: config.runtime, sandboxImage: args.pauseImage }),
          },
          ...args.otherFiles,
        ],
        timeoutSeconds: config.startTimeoutSeconds,
      },
      { parent: this, dependsOn: [...after] },
    );
  }

  /** Programs that are no service's own, CNI plugins, the network's configuration, and how containerd asks registries. */
  private files(
    name: string,
    { connection, config, programs, mirrored, registry }: KubeadmServerArgs,
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

function program({ programs }: NodePrograms, name: string): NodeProgram {
  const found = programs.get(name);
  if (found === undefined) throw new Error(`there is no program ${name}`);
  return found;
}

/** The unit and program of a service that are ours, or what restarts the distribution's own when its package changes. */
function serviceProgram(
  { kind, path, ...rest }: NodeProgram,
  unit: (binary: string) => string,
  packages: readonly board.Package[],
): Pick<board.SystemdServiceArgs, "unit" | "program" | "restartTriggers"> {
  if (kind === "file" && "local" in rest) return { unit: unit(path), program: { path, source: rest.local } };
  return {
    restartTriggers: {
      packages: pulumi.all(packages.map((one) => one.installedVersion)).apply((all) => all.join(" ")),
    },
  };
}
