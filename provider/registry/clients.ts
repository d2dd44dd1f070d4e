import type { z } from "zod";
import type { Context } from "../resource";
import type { Board } from "../ssh/board";
import type { Connection } from "../ssh/connection-args";
import { RegistryClient } from "./client";
import type { registryAddress } from "./schema";

type RegistryAddress = z.output<typeof registryAddress>;

/** Clients of this process, each with its one kept connection; those through a board go with the board's connection. */
const throughBoards = new WeakMap<Board, Map<string, RegistryClient>>();
const direct = new Map<string, RegistryClient>();

/** The client for a registry; shared by all images of a run. A board is contacted only for a registry that is reached through it. */
export async function registryClient(
  context: Context,
  connection: Connection,
  registry: RegistryAddress,
): Promise<RegistryClient> {
  const { throughBoard, ...options } = registry;
  const key = JSON.stringify(options);
  if (!throughBoard) return existing(direct, key, () => new RegistryClient(options));
  const board = await context.board(connection);
  const clients = throughBoards.get(board) ?? new Map<string, RegistryClient>();
  throughBoards.set(board, clients);
  const url = new URL(registry.url);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const connect = () => board.forward(host, port);
  return existing(
    clients,
    key,
    () => new RegistryClient({ ...options, connect, seenFrom: `as seen from ${board.label}` }),
  );
}

function existing(clients: Map<string, RegistryClient>, key: string, make: () => RegistryClient): RegistryClient {
  const client = clients.get(key) ?? make();
  clients.set(key, client);
  return client;
}
