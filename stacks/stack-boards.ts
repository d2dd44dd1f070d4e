import { writtenForAgent, writtenForServer } from "../components/k3s/written";
import { type BoardToCheck, type CheckedBoard, checkedBoards, type WantedNode } from "./boards";
import type { StackConfig } from "./config";

/** The boards of a stack, with what they said of themselves. */
export interface StackBoards {
  readonly server: CheckedBoard;
  /** By the names of their nodes. */
  readonly agents: Readonly<Record<string, CheckedBoard>>;
}

/** Address of the API server from outside. */
export function serverAddress({ board, k3s }: Pick<StackConfig, "board" | "k3s">): string {
  return k3s.kubeconfigServer ?? `https://${board.host}:6443`;
}

/** All boards of the stack, asked at the same time. @throws as {@link checkedBoards}. */
export async function boardsOf(config: StackConfig): Promise<StackBoards> {
  const { board, agents } = config;
  const ofAgents = Object.entries(agents).map(([name, agent]): [string, BoardToCheck] => [
    `agents.${name}`,
    { board: agent, node: agentNode(config, name, agent) },
  ]);
  const checked = await checkedBoards(new Map([["board", { board, node: serverNode(config) }], ...ofAgents]));
  const get = (path: string) => {
    const found = checked.get(path);
    if (found === undefined) throw new Error(`${path} was not looked at`);
    return found;
  };
  return {
    server: get("board"),
    agents: Object.fromEntries(Object.keys(agents).map((name) => [name, get(`agents.${name}`)])),
  };
}

function serverNode({ board, k3s }: StackConfig): WantedNode {
  return {
    role: "server",
    version: k3s.version,
    source: k3s.source,
    sourcePath: "k3s.source",
    written: writtenForServer(k3s, serverAddress({ board, k3s })),
    section: "k3s.config",
  };
}

function agentNode({ k3s }: StackConfig, name: string, agent: StackConfig["agents"][string]): WantedNode {
  const own = agent.source !== undefined;
  return {
    role: "agent",
    version: k3s.version,
    source: agent.source ?? k3s.source,
    sourcePath: own ? `agents.${name}.source` : "k3s.source",
    written: writtenForAgent(agent, name),
    section: `agents.${name}.config`,
  };
}
