import type { OutgoingHttpHeaders } from "node:http";
import { Agent, type AgentOptions } from "node:https";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { type ApiType, KubeConfig, type RequestContext } from "@kubernetes/client-node";
import { BoardError } from "../ssh/board-error";
import type { Board } from "../ssh/board";
import { ObjectsApi } from "./objects-api";
import { requestTimeoutSeconds, sendThrough } from "./send-to-api";

/** An HTTPS agent whose connections are channels of the board's SSH connection. */
class BoardAgent extends Agent {
  constructor(
    private readonly board: Board,
    private readonly target: { host: string; port: number },
    private readonly tls: AgentOptions,
    private readonly timeoutSeconds: number,
  ) {
    // One connection, kept: each further one would be another round trip and another TLS handshake on a slow CPU.
    super({ ...tls, keepAlive: true, maxSockets: 1, timeout: timeoutSeconds * 1000 });
  }

  override createConnection(_options: unknown, ready?: (error: Error | null, stream: Duplex) => void): null {
    this.board.forward(this.target.host, this.target.port).then(
      (channel) => {
        // an address is no name for SNI; the certificate is checked for it all the same, by `host`
        const { host } = this.target;
        const socket = connect({ ...this.tls, socket: channel, host, servername: this.tls.servername ?? "" });
        // The agent ends idle connections only, and a request without a connection knows no time: without this a server that stops in the
        // middle of a handshake or of an answer would be waited for without end.
        socket.setTimeout(this.timeoutSeconds * 1000);
        socket.on("timeout", () =>
          socket.destroy(new Error(`the API server did not answer in ${this.timeoutSeconds} s`)),
        );
        const failed = (error: Error) => ready?.(error, socket);
        socket.once("error", failed);
        socket.once("secureConnect", () => {
          socket.off("error", failed);
          ready?.(null, socket);
        });
      },
      (error: Error) => ready?.(error, undefined as unknown as Duplex),
    );
    return null;
  }
}

/**
 * An HTTPS agent whose connections to an address are made on the board.
 *
 * @param timeoutSeconds - how long the server may be silent in a handshake or an answer. Defaults to 30.
 */
export function agentOnBoard(
  board: Board,
  server: URL,
  tls: AgentOptions,
  timeoutSeconds = requestTimeoutSeconds,
): Agent {
  const target = { host: server.hostname.replace(/^\[|\]$/g, ""), port: Number(server.port || 443) };
  return new BoardAgent(board, target, tls, timeoutSeconds);
}

/** A kubeconfig of the board, used through the board's SSH connection: the API server's address is resolved there. */
class BoardKubeConfig extends KubeConfig {
  agent: Agent | undefined;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    if (this.agent !== undefined) context.setAgent(this.agent);
  }
}

/** Kubernetes API clients of one board. */
export interface KubernetesClient {
  /** Makes a client of an API group: `client.api(CoreV1Api)`. */
  api<T extends ApiType>(type: new (...args: never[]) => T): T;
  /** Objects of any kind. */
  readonly objects: ObjectsApi;
}

/**
 * Connects to the API server that a kubeconfig on the board names, through the board's SSH connection.
 *
 * `k3s kubectl` costs seconds a call on a slow board; a request over an open channel costs milliseconds.
 *
 * @param kubeconfig - text of the kubeconfig, as k3s writes it for use on the board itself.
 * @param timeoutSeconds - how long the server may be silent in a handshake or an answer. Defaults to 30.
 */
export async function kubernetesClient(
  board: Board,
  kubeconfig: string,
  timeoutSeconds = requestTimeoutSeconds,
): Promise<KubernetesClient> {
  const config = new BoardKubeConfig();
  try {
    config.loadFromString(kubeconfig);
  } catch {
    // the parser's own message shows the lines around, which hold an administrator's key
    throw new BoardError("refused", board.label, "the kubeconfig cannot be read: it is half written, or none");
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new BoardError("refused", board.label, "the kubeconfig names no cluster");
  const server = new URL(cluster.server);
  const tls: AgentOptions & { headers?: OutgoingHttpHeaders } = {};
  await config.applyToHTTPSOptions(tls);
  config.agent = agentOnBoard(board, server, { ca: tls.ca, cert: tls.cert, key: tls.key }, timeoutSeconds);
  const { headers } = tls;
  return {
    api: (type) => config.makeApiClient(type as never),
    objects: new ObjectsApi(sendThrough(config.agent, server, headers ?? {})),
  };
}

const clients = new WeakMap<Board, Map<string, { kubeconfig: string; client: Promise<KubernetesClient> }>>();

/**
 * The client for a kubeconfig file on the board; made once per connection and content.
 *
 * @throws BoardError where the file is not there (yet).
 */
export async function clientFromBoard(board: Board, kubeconfigPath: string): Promise<KubernetesClient> {
  const file = await board.file(kubeconfigPath);
  if (file.kind !== "file" || file.content === undefined) {
    throw new BoardError(
      "refused",
      board.label,
      `${kubeconfigPath} is not there: Kubernetes has not written it yet, or is not installed`,
    );
  }
  return clientOf(board, kubeconfigPath, file.content.toString("utf8"));
}

/**
 * The client for a kubeconfig; made once per connection and content.
 *
 * @param name - by which the one of before is known: the path of the kubeconfig.
 */
export function clientOf(board: Board, name: string, kubeconfig: string): Promise<KubernetesClient> {
  const ofBoard = clients.get(board) ?? new Map<string, { kubeconfig: string; client: Promise<KubernetesClient> }>();
  clients.set(board, ofBoard);
  const known = ofBoard.get(name);
  if (known?.kubeconfig === kubeconfig) return known.client;
  const client = kubernetesClient(board, kubeconfig);
  ofBoard.set(name, { kubeconfig, client });
  return client;
}
