import { Hooks } from "../components/hooks/hooks";
import { adminKubeconfig } from "../components/kubeadm/configuration";
import { clusterDns } from "../components/kubeadm/kubelet";
import { kubeadmOpenings } from "../components/kubeadm/openings";
import { KubeadmServer } from "../components/kubeadm/server";
import { readManifests } from "../components/manifests/manifests";
import { manifestProblems } from "../components/manifests/validate";
import { neededPackages } from "../components/pulumi-packages";
import { registryFileProblems } from "../components/registry/files";
import { Workloads } from "../components/workloads/workloads";
import * as board from "../provider";
import { ConfigError, type KubeadmStackConfig } from "./config";
import { firstNodeBack } from "./first-node";
import { boardOutputs, type K3sServerOutputs } from "./k3s-server";
import { refuseOtherCluster } from "./kubeadm-cluster";
import { type KubeadmMembers, kubeadmMembers } from "./kubeadm-members";
import { kubeadmPreparation } from "./kubeadm-nodes";
import { reachedBy } from "./kubeadm-problems";
import { joinWorkers, type PreparedWorker } from "./kubeadm-workers";
import { proxiedKubeadmBoard } from "./proxied";
import { filledRegistry, readyBoard } from "./ready-board";
import { type KubeadmBoards, kubeadmBoardsOf, serverAddress } from "./stack-boards";

/** What a kubeadm stack tells. */
export type KubeadmOutputs = Omit<K3sServerOutputs, "servers" | "join">;

/**
 * One board as a cluster made by kubeadm, and others as its workers: registry, images, runtime, network, control plane, the workers, and the gate at
 * the end.
 *
 * Everything that can be wrong without the boards, and everything that the boards say of themselves, is checked before the first resource is registered.
 *
 * @throws Error with every reason why these boards cannot take this configuration.
 */
export async function kubeadmStack(config: KubeadmStackConfig): Promise<KubeadmOutputs> {
  const { arch } = config.board;
  const workloads = checkedWorkloads(config);
  const boards = await kubeadmBoardsOf(config);
  const { facts } = boards.server;
  const members = kubeadmMembers(config, boards);
  const names = certSANs(config);
  await refuseOtherCluster(
    { kubeadm: config.kubeadm, server: members.server, certSANs: names },
    boards.server.connection,
  );
  const prepare = kubeadmPreparation(config, workloads);
  const { images, config: kubeadm, ...given } = await prepare({ checked: boards.server, arch, isWorker: false });
  const workers = await preparedWorkers(config, { boards, members, prepare });

  const hooks = new Hooks(config.hooks, boards.server.connection);
  const openings = kubeadmOpenings(kubeadm, "kubeadm control plane");
  const ready = readyBoard("board", config.board, boards.server.connection, {
    openings,
    cluster: { connection: boards.server.connection, kubeconfig: adminKubeconfig, node: members.server.name },
  });
  const { rebooted, formerBoot } = ready;
  hooks.done(ready.resources);
  const { connection, runtimeFiles } = proxiedKubeadmBoard("board", config, {
    ofBoard: config.board,
    members,
    packageManager: facts.packageManager,
    reached: ready.connection,
  });
  const filled = await filledRegistry({
    connection,
    config: config.registry,
    arch,
    node: { delivery: images },
    hooks,
  });
  if (filled.registry === undefined) throw new Error("a kubeadm stack needs a private registry");
  const kubeconfigServer = serverAddress(kubeadm, config.board);
  const server = new KubeadmServer("kubeadm", {
    connection,
    config: kubeadm,
    ...given,
    ...images,
    node: members.server,
    registry: filled.registry,
    certSANs: names,
    otherFiles: runtimeFiles,
    after: [...filled.resources, ...hooks.before("k3s")],
  });
  hooks.done([server]);
  // there are no manifests, and what runs before them runs here all the same: not behind the workers
  hooks.before("manifests");
  const back = firstNodeBack(
    "kubeadm-node",
    {
      connection,
      kubeconfig: adminKubeconfig,
      node: members.server.name,
      service: "kubelet",
      timeoutSeconds: kubeadm.readyTimeoutSeconds,
      formerBoot,
      joining: workers.length,
    },
    server,
  );
  const after = [server, ...back];
  const nodes = await joinWorkers(config, workers, { members, connection, registry: filled, after });
  hooks.done(nodes);
  const gate = new board.ClusterReadiness(
    "ready",
    {
      connection,
      kubeconfig: adminKubeconfig,
      deployments: ["kube-system/coredns"],
      dns: { server: clusterDns(kubeadm.serviceSubnet), name: `kubernetes.default.svc.${kubeadm.dnsDomain}` },
      timeoutSeconds: kubeadm.readyTimeoutSeconds,
      triggers: {
        ...Object.fromEntries(images.images.map(({ name, digest }) => [name, digest])),
        ...(workers.length === 0 ? {} : { agents: workers.map(({ identity }) => identity.name).join(" ") }),
        ...(rebooted === undefined ? {} : { reboot: rebooted }),
      },
    },
    { dependsOn: [server, ...nodes, ...hooks.before("ready")] },
  );
  const { kubeconfig } = new board.Kubeconfig(
    "kubeconfig",
    { connection, path: adminKubeconfig, server: kubeconfigServer },
    { dependsOn: [gate] },
  );
  hooks.done([gate]);
  const deployed = { workloads, kubeconfig, after: [gate, ...hooks.before("workloads")] };
  hooks.done(workloads.length === 0 ? [] : [new Workloads("workload", deployed)]);
  hooks.afterAll();
  return {
    kubeconfig,
    board: { hostname: facts.hostname, arch, kernel: facts.kernel, os: facts.os },
    ...(workers.length === 0 ? {} : { agents: boardOutputs(config.agents, boards.agents) }),
    images: Object.fromEntries(images.images.map(({ name, digest }) => [name, digest])),
  };
}

/** What {@link preparedWorkers} goes by. */
interface WorkersArgs {
  readonly boards: KubeadmBoards;
  readonly members: KubeadmMembers;
  readonly prepare: ReturnType<typeof kubeadmPreparation>;
}

/** What the workers are given, one after the other: each build uses all cores. */
async function preparedWorkers(
  { agents }: KubeadmStackConfig,
  { boards, members, prepare }: WorkersArgs,
): Promise<PreparedWorker[]> {
  const workers: PreparedWorker[] = [];
  for (const identity of members.workers) {
    const [config, checked] = [agents[identity.name], boards.agents[identity.name]];
    if (config === undefined || checked === undefined) throw new Error(`there is no board ${identity.name}`);
    const node = await prepare({ checked, arch: config.arch, isWorker: true });
    workers.push({ identity, config, checked, node });
  }
  return workers;
}

function checkedWorkloads({ workloads, hooks, registry }: KubeadmStackConfig) {
  const wrong = [
    ...manifestProblems({}, workloads, []),
    ...neededPackages({ hooks, workloads }),
    ...registryFileProblems(registry),
  ];
  if (wrong.length > 0) throw new ConfigError(wrong);
  return readManifests(workloads);
}

/** Names and addresses that the API server is reached by from outside, each once. */
function certSANs(config: KubeadmStackConfig): string[] {
  return [...new Set([...reachedBy(config).keys(), ...config.kubeadm.certSANs])].sort();
}
