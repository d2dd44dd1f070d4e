import { nodeName } from "../components/board/prerequisites/config";
import type { NodeIdentity } from "../components/kubeadm/configuration";
import { ConfigError, type ConfigProblem, type KubeadmStackConfig } from "./config";
import { type JoiningMember, sameAddress, sameName } from "./members";
import { nodesInNetworks } from "./node-networks";
import type { KubeadmBoards } from "./stack-boards";

/** The nodes of a kubeadm stack's cluster. */
export interface KubeadmMembers {
  /** The control plane's, which is `board`. */
  readonly server: NodeIdentity;
  /** In the order of the configuration. */
  readonly workers: readonly NodeIdentity[];
}

/**
 * Who is in the cluster.
 *
 * @param boards - what they said of themselves.
 * @throws ConfigError where nothing tells a name or address that a node can have, two nodes would have one name or one address, or one
 *   has an address in the networks of pods or services.
 */
export function kubeadmMembers(config: KubeadmStackConfig, boards: KubeadmBoards): KubeadmMembers {
  const server = serverIdentity(config, boards);
  const workers = Object.entries(config.agents).map(([name, { nodeAddress }]): JoiningMember => ({
    name,
    address: nodeAddress ?? boards.agents[name]?.facts.address ?? "",
    path: `agents.${name}`,
  }));
  const known = workers.filter(({ address }) => address !== "");
  const problems = [
    ...noName(server),
    ...noAddress("kubeadm.nodeAddress", server),
    ...workers.flatMap((worker) => noAddress(`${worker.path}.nodeAddress`, worker)),
    ...sameName(server, workers),
    ...sameAddress(server.address === "" ? [] : [{ ...server, name: "the control plane" }], known, {
      member: "nodeAddress",
      server: "kubeadm.nodeAddress",
    }),
    ...nodesInNetworks(
      (["podSubnet", "serviceSubnet"] as const).map((key) => ({
        path: `kubeadm.${key}`,
        network: config.kubeadm[key],
      })),
      [
        { ...server, path: "kubeadm.nodeAddress" },
        ...known.map(({ path, ...node }) => ({ ...node, path: `${path}.nodeAddress` })),
      ],
    ),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return { server, workers: workers.map(({ name, address }) => ({ name, address })) };
}

/** The control plane's node as kubelet would name it, unless the configuration does. */
function serverIdentity(
  { kubeadm, board: { prerequisites } }: KubeadmStackConfig,
  { server: { facts } }: KubeadmBoards,
): NodeIdentity {
  const name = kubeadm.nodeName ?? prerequisites?.hostname ?? facts.hostname.toLowerCase();
  return { name, address: kubeadm.nodeAddress ?? facts.address };
}

/** What the configuration names has been looked at: it is the board's own name that can be wrong. */
function noName({ name }: NodeIdentity): ConfigProblem[] {
  const reason = `is needed: the board's name ${name} is none that a node can have`;
  return nodeName.safeParse(name).success ? [] : [{ path: "kubeadm.nodeName", reason }];
}

function noAddress(path: string, { address }: NodeIdentity): ConfigProblem[] {
  const reason = "is needed: the board has no default route that tells its address";
  return address === "" ? [{ path, reason }] : [];
}
