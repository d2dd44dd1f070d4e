import type { AgentsConfig } from "../components/k3s/agent-config";
import type { BoardConfig } from "../components/board/config";
import type { DeliveryWay } from "../components/images/delivery/ways";
import { isOnBoard, type K3sConfig } from "../components/k3s/config";
import { isOnLoopback, type RegistryConfig } from "../components/registry/config";

/** The sections that agents have to go with. */
interface Sections {
  readonly board: BoardConfig;
  readonly k3s: K3sConfig;
  readonly agents: AgentsConfig;
  readonly delivery: DeliveryWay;
  readonly registry: RegistryConfig | undefined;
}

/** One thing wrong, with its config path. */
interface AgentsProblem {
  readonly path: string;
  readonly reason: string;
}

/** What is wrong with agents that are good by themselves. */
export function agentsProblems(sections: Sections): AgentsProblem[] {
  return [...sameBoard(sections), ...otherArchitectures(sections), ...unreachableRegistry(sections)];
}

function sameBoard({ board, agents }: Sections): AgentsProblem[] {
  const placeOf = ({ host, port, jump }: BoardConfig) =>
    `${host}:${port}${jump === undefined ? "" : ` by ${jump.host}`}`;
  const seen = new Map([[placeOf(board), "board"]]);
  return Object.entries(agents).flatMap(([name, agent]) => {
    const place = placeOf(agent);
    const other = seen.get(place);
    if (other === undefined) {
      seen.set(place, `agents.${name}`);
      return [];
    }
    return [{ path: `agents.${name}.host`, reason: `${place} is ${other} already: a board is one node` }];
  });
}

function otherArchitectures({ board, k3s, agents, delivery, registry }: Sections): AgentsProblem[] {
  const shared = registry !== undefined && !isOnLoopback(registry) && delivery !== "airgap";
  return Object.entries(agents).flatMap(([name, { arch, source }]) => {
    if (arch === board.arch) return [];
    const noSource =
      source === undefined && !isOnBoard(k3s.source)
        ? [
            {
              path: `agents.${name}.source`,
              reason: `is missing: k3s.source is for ${board.arch}, the agent is ${arch}`,
            },
          ]
        : [];
    const noImages = shared
      ? [
          {
            path: `agents.${name}.arch`,
            reason: `the registry's images are for ${board.arch}: leave it on each board's loopback, or choose delivery: airgap`,
          },
        ]
      : [];
    return [...noSource, ...noImages];
  });
}

function unreachableRegistry({ agents, registry }: Sections): AgentsProblem[] {
  const everywhere = registry?.kind === "board" && ["0.0.0.0", "::", "[::]"].includes(registry.listen);
  if (!everywhere || Object.keys(agents).length === 0) return [];
  const reason =
    "agents go to this address: name one of the server's board, or leave it on loopback, where each agent has one of its own";
  return [{ path: "registry.listen", reason }];
}
