import type { AgentsConfig } from "../components/k3s/agent-config";
import type { BoardConfig } from "../components/board/config";
import type { DeliveryWay } from "../components/images/delivery/ways";
import { isOnBoard, type K3sConfig } from "../components/k3s/config";
import { embeddedEtcdProblems, type ServersConfig } from "../components/k3s/servers-config";
import { isOnLoopback, type RegistryConfig } from "../components/registry/config";
import { agentSkewProblem } from "../provider/kubernetes/version-skew";

/** The sections that nodes have to go with. */
interface Sections {
  /** Not there where the first server is another stack's. */
  readonly board?: BoardConfig;
  readonly k3s: K3sConfig;
  readonly servers: ServersConfig;
  readonly agents: AgentsConfig;
  readonly delivery: DeliveryWay;
  readonly registry: RegistryConfig | undefined;
}

/** One thing wrong, with its config path. */
interface MembersProblem {
  readonly path: string;
  readonly reason: string;
}

/** What is wrong with nodes that are good by themselves. */
export function membersProblems(sections: Sections): MembersProblem[] {
  return [
    ...sameBoard(sections),
    ...sameName(sections),
    ...otherArchitectures(sections),
    ...unreachableRegistry(sections),
    ...embeddedEtcdProblems(sections.servers, sections.k3s),
    ...versionProblems(sections),
  ];
}

/** All nodes that join, with the config path of each. */
function joining({ servers, agents }: Sections) {
  const of = <Config>(section: string, members: Readonly<Record<string, Config>>) =>
    Object.entries(members).map(([name, member]) => ({ name, member, path: `${section}.${name}` }));
  return [...of("servers", servers), ...of("agents", agents)];
}

function sameBoard(sections: Sections): MembersProblem[] {
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

function otherArchitectures(sections: Sections): MembersProblem[] {
  const { board, k3s, delivery, registry } = sections;
  if (board === undefined) return [];
  const shared = registry !== undefined && !isOnLoopback(registry) && delivery !== "airgap";
  return joining(sections).flatMap(({ path, member: { arch, source } }) => {
    if (arch === board.arch) return [];
    const noSource =
      source === undefined && !isOnBoard(k3s.source)
        ? [{ path: `${path}.source`, reason: `is missing: k3s.source is for ${board.arch}, this board is ${arch}` }]
        : [];
    const noImages = shared
      ? [
          {
            path: `${path}.arch`,
            reason: `the registry's images are for ${board.arch}: leave it on each board's loopback, or choose delivery: airgap`,
          },
        ]
      : [];
    return [...noSource, ...noImages];
  });
}

function unreachableRegistry(sections: Sections): MembersProblem[] {
  const { registry } = sections;
  const everywhere = registry?.kind === "board" && ["0.0.0.0", "::", "[::]"].includes(registry.listen);
  if (!everywhere || joining(sections).length === 0) return [];
  const reason =
    "agents go to this address: name one of the server's board, or leave it on loopback, where each agent has one of its own";
  return [{ path: "registry.listen", reason }];
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
