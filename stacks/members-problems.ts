import type { AgentsConfig } from "../components/k3s/agent-config";
import type { BoardConfig } from "../components/board/config";
import type { DeliveryWay } from "../components/images/delivery/ways";
import { isOnBoard, type K3sConfig } from "../components/k3s/config";
import { embeddedEtcdProblems, type ServersConfig } from "../components/k3s/servers-config";
import { isOnLoopback, type RegistryConfig } from "../components/registry/config";
import { agentSkewProblem } from "../provider/kubernetes/version-skew";
import { packageProblems } from "./package-problems";

/** The sections that boards have to go with, whatever runs on them. */
export interface BoardSections {
  /** Not there where the first server is another stack's. */
  readonly board?: BoardConfig;
  readonly servers: Readonly<Record<string, BoardConfig>>;
  readonly agents: Readonly<Record<string, BoardConfig>>;
  readonly registry: RegistryConfig | undefined;
}

/** The sections that nodes of k3s have to go with. */
interface Sections extends BoardSections {
  readonly k3s: K3sConfig;
  readonly servers: ServersConfig;
  readonly agents: AgentsConfig;
  readonly delivery: DeliveryWay;
}

/** One thing wrong, with its config path. */
interface MembersProblem {
  readonly path: string;
  readonly reason: string;
}

/** What is wrong with nodes of k3s that are good by themselves. */
export function membersProblems(sections: Sections): MembersProblem[] {
  return [
    ...sharedBoardProblems(sections),
    ...sameName(sections),
    ...otherSources(sections),
    ...(sections.delivery === "airgap" ? [] : sharedImageProblems(sections, ", or choose delivery: airgap")),
    ...embeddedEtcdProblems(sections.servers, sections.k3s),
    ...versionProblems(sections),
    ...packageProblems(sections),
    ...keysOfKubeadm(sections),
  ];
}

/** Boards that are two nodes, and a registry that other boards do not reach. */
export function sharedBoardProblems(sections: BoardSections): MembersProblem[] {
  return [...sameBoard(sections), ...unreachableRegistry(sections)];
}

/**
 * Boards of another architecture than that of the images in a registry that all boards share.
 *
 * @param otherwise - what may be done besides having a registry on each board, as the end of a sentence. Defaults to nothing.
 */
export function sharedImageProblems(sections: BoardSections, otherwise = ""): MembersProblem[] {
  const { board, registry } = sections;
  if (board === undefined || registry === undefined || isOnLoopback(registry)) return [];
  const reason = `the registry's images are for ${board.arch}: leave it on each board's loopback${otherwise}`;
  return joining(sections).flatMap(({ path, member: { arch } }) =>
    arch === board.arch ? [] : [{ path: `${path}.arch`, reason }],
  );
}

/** All nodes that join, with the config path of each. */
function joining<Config>({
  servers,
  agents,
}: {
  readonly servers: Readonly<Record<string, Config>>;
  readonly agents: Readonly<Record<string, Config>>;
}) {
  const of = (section: string, members: Readonly<Record<string, Config>>) =>
    Object.entries(members).map(([name, member]) => ({ name, member, path: `${section}.${name}` }));
  return [...of("servers", servers), ...of("agents", agents)];
}

function sameBoard(sections: BoardSections): MembersProblem[] {
  const placeOf = ({ host, port, jump }: BoardConfig) =>
    `${host}:${port}${jump === undefined ? "" : ` by ${jump.host}`}`;
  const seen = new Map(sections.board === undefined ? [] : [[placeOf(sections.board), "board"]]);
  return joining(sections).flatMap(({ path, member }) => {
    const place = placeOf(member);
    const other = seen.get(place);
    if (other === undefined) {
      seen.set(place, path);
      return [];
    }
    return [{ path: `${path}.host`, reason: `${place} is ${other} already: a board is one node` }];
  });
}

function sameName({ servers, agents }: Sections): MembersProblem[] {
  return Object.keys(agents).flatMap((name) =>
    name in servers ? [{ path: `agents.${name}`, reason: `servers.${name} is the node of that name already` }] : [],
  );
}

function otherSources({ board, k3s, servers, agents }: Sections): MembersProblem[] {
  if (board === undefined || isOnBoard(k3s.source)) return [];
  return joining<ServersConfig[string] | AgentsConfig[string]>({ servers, agents }).flatMap(
    ({ path, member: { arch, source } }) =>
      arch === board.arch || source !== undefined
        ? []
        : [{ path: `${path}.source`, reason: `is missing: k3s.source is for ${board.arch}, this board is ${arch}` }],
  );
}

function unreachableRegistry(sections: BoardSections): MembersProblem[] {
  const { board, registry } = sections;
  // where the first server is another stack's, only a registry on loopback can be one on a board
  if (board === undefined) return [];
  const everywhere = registry?.kind === "board" && ["0.0.0.0", "::", "[::]"].includes(registry.listen);
  if (!everywhere || joining(sections).length === 0) return [];
  const reason =
    "agents go to this address: name one of the server's board, or leave it on loopback, where each agent has one of its own";
  return [{ path: "registry.listen", reason }];
}

function keysOfKubeadm({ agents }: Sections): MembersProblem[] {
  return Object.entries(agents).flatMap(([name, { nodeAddress }]) =>
    nodeAddress === undefined
      ? []
      : [{ path: `agents.${name}.nodeAddress`, reason: "is for kubeadm: with k3s it is config.node-ip" }],
  );
}

/** Agents of another version than the servers', or of another binary of the same version. */
function versionProblems({ k3s, agents }: Sections): MembersProblem[] {
  return Object.entries(agents).flatMap(([name, { version, source }]) => {
    if (version === undefined || version === k3s.version) return [];
    const noSource =
      source === undefined && !isOnBoard(k3s.source)
        ? [{ path: `agents.${name}.source`, reason: `is missing: k3s.source is ${k3s.version}, this agent ${version}` }]
        : [];
    const skew = agentSkewProblem(version, k3s.version);
    return [...noSource, ...(skew === undefined ? [] : [{ path: `agents.${name}.version`, reason: skew }])];
  });
}
