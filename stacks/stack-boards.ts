import type { BoardConfig } from "../components/board/config";
import { serverKeys } from "../components/k3s/servers-config";
import { writtenForAgent, writtenForJoinedServer, writtenForServer } from "../components/k3s/written";
import { hostProblems } from "../components/kubeadm/host";
import type { Facts } from "../provider";
import { urlHost } from "../provider/url-host";
import { type BoardToCheck, type CheckedBoard, checkedBoards, type WantedNode } from "./boards";
import type { KubeadmStackConfig, StackConfig } from "./config";

/** The boards of a stack, with what they said of themselves. */
export interface StackBoards {
  readonly server: CheckedBoard;
  /** The further servers, by the names of their nodes. */
  readonly servers: Readonly<Record<string, CheckedBoard>>;
  /** By the names of their nodes. */
  readonly agents: Readonly<Record<string, CheckedBoard>>;
}

/** Address of the API server from outside, on this board. */
export function serverAddress(
  { kubeconfigServer }: Pick<StackConfig["k3s"], "kubeconfigServer">,
  { host }: Pick<BoardConfig, "host">,
): string {
  return kubeconfigServer ?? `https://${urlHost(host)}:6443`;
}

/** All boards of the stack, asked at the same time. @throws as {@link checkedBoards}. */
export async function boardsOf(config: StackConfig): Promise<StackBoards> {
  const { board } = config;
  const servers = boardsIn("servers", config.servers, (name, server) => joinedServerNode(config, name, server));
  const agents = agentBoards(config);
  const checked = await checkedBoards(new Map([["board", { board, node: serverNode(config) }], ...servers, ...agents]));
  return {
    server: boardAt(checked, "board"),
    servers: checkedIn("servers", config.servers, checked),
    agents: checkedIn("agents", config.agents, checked),
  };
}

/** The boards of a kubeadm stack, with what they said of themselves. */
export type KubeadmBoards = Pick<StackBoards, "server" | "agents">;

/** All boards of a kubeadm stack, asked at the same time. @throws as {@link checkedBoards}. */
export async function kubeadmBoardsOf({ board, agents, kubeadm }: KubeadmStackConfig): Promise<KubeadmBoards> {
  const node = (path: string, { prerequisites, ...others }: BoardConfig, isWorker: boolean): [string, BoardToCheck] => {
    const problems = (facts: Facts) => hostProblems(kubeadm, { facts, prerequisites, path, isWorker });
    return [path, { board: { prerequisites, ...others }, problems }];
  };
  const workers = Object.entries(agents).map(([name, worker]) => node(`agents.${name}`, worker, true));
  const checked = await checkedBoards(new Map([node("board", board, false), ...workers]));
  return { server: boardAt(checked, "board"), agents: checkedIn("agents", agents, checked) };
}

/** The boards of a stack that is agents only, by the names of their nodes. @throws as {@link checkedBoards}. */
export async function agentBoardsOf(
  config: Pick<StackConfig, "k3s" | "agents">,
): Promise<Readonly<Record<string, CheckedBoard>>> {
  return checkedIn("agents", config.agents, await checkedBoards(new Map(agentBoards(config))));
}

function agentBoards(config: Pick<StackConfig, "k3s" | "agents">): [string, BoardToCheck][] {
  return boardsIn("agents", config.agents, (name, agent) => agentNode(config, name, agent));
}

/** The boards of a section, by the config path of each. */
function boardsIn<Config extends BoardConfig>(
  section: string,
  configs: Readonly<Record<string, Config>>,
  node: (name: string, config: Config) => WantedNode,
): [string, BoardToCheck][] {
  return Object.entries(configs).map(([name, board]) => [`${section}.${name}`, { board, node: node(name, board) }]);
}

/** What the boards of a section said, by the names of their nodes. */
function checkedIn(
  section: string,
  configs: Readonly<Record<string, unknown>>,
  checked: ReadonlyMap<string, CheckedBoard>,
): Record<string, CheckedBoard> {
  return Object.fromEntries(Object.keys(configs).map((name) => [name, boardAt(checked, `${section}.${name}`)]));
}

function boardAt(checked: ReadonlyMap<string, CheckedBoard>, path: string): CheckedBoard {
  const found = checked.get(path);
  if (found === undefined) throw new Error(`${path} was not looked at`);
  return found;
}

function serverNode({ board, k3s, servers }: StackConfig): WantedNode {
  const hasOthers = Object.keys(servers).length > 0;
  return {
    role: "server",
    version: k3s.version,
    source: k3s.source,
    sourcePath: "k3s.source",
    written: writtenForServer(k3s, serverAddress(k3s, board), hasOthers ? { "cluster-init": true } : {}),
    section: "k3s.config",
  };
}

function joinedServerNode({ k3s }: StackConfig, name: string, server: StackConfig["servers"][string]): WantedNode {
  const config = serverKeys(k3s, server);
  return {
    role: "server",
    version: k3s.version,
    ...sourceOf("servers", name, server, k3s),
    written: writtenForJoinedServer({ ...k3s, config }, name, serverAddress(k3s, server)),
    section: `servers.${name}.config`,
  };
}

function agentNode({ k3s }: Pick<StackConfig, "k3s">, name: string, agent: StackConfig["agents"][string]): WantedNode {
  return {
    role: "agent",
    version: agent.version ?? k3s.version,
    ...sourceOf("agents", name, agent, k3s),
    written: writtenForAgent(agent, name),
    section: `agents.${name}.config`,
  };
}

/** Where the k3s of a node that joins comes from, with the config path of that. */
export function sourceOf(
  section: string,
  name: string,
  { source }: { readonly source?: WantedNode["source"] | undefined },
  k3s: Pick<StackConfig["k3s"], "source">,
): Pick<WantedNode, "source" | "sourcePath"> {
  return source === undefined
    ? { source: k3s.source, sourcePath: "k3s.source" }
    : { source, sourcePath: `${section}.${name}.source` };
}
