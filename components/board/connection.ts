import { existsSync, readFileSync } from "node:fs";
import type { ConnectionArgs } from "../../provider";
import type { z } from "zod";
import type { BoardConfig, boardLogin } from "./config";
import { hostKeysFromKnownHosts } from "./known-hosts";
import { expandHome } from "../../provider/local-paths";

type Login = Pick<
  BoardConfig,
  "host" | "port" | "user" | "identity" | "passphrase" | "password" | "hostKey" | "knownHosts"
>;

/** A sentence for each thing that keeps a connection from being attempted; `path` is a config path. */
export class ConnectionProblem extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

function hostKeys(login: Login, path: string): string[] {
  if (login.hostKey !== undefined) {
    const keys = Array.isArray(login.hostKey) ? login.hostKey : [login.hostKey];
    return keys.map((key) => key.split(" ").slice(0, 2).join(" "));
  }
  const file = expandHome(login.knownHosts);
  const keys = existsSync(file) ? hostKeysFromKnownHosts(readFileSync(file, "utf8"), login.host, login.port) : [];
  if (keys.length === 0) {
    throw new ConnectionProblem(
      `${path}.hostKey`,
      `no host key of ${login.host} port ${login.port} is known (looked into ${login.knownHosts}). ` +
        `Read it on the board itself (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub shows the fingerprint), compare it with ` +
        `\`ssh-keyscan -p ${login.port} ${login.host}\`, and put the line into ${path}.hostKey or ${login.knownHosts}`,
    );
  }
  return keys;
}

function loginArgs(login: Login, path: string): ConnectionArgs {
  return {
    host: login.host,
    port: login.port,
    user: login.user,
    hostKeys: hostKeys(login, path),
    ...(login.identity === undefined ? {} : { identity: expandHome(login.identity) }),
    ...(login.passphrase === undefined ? {} : { passphrase: login.passphrase }),
    ...(login.password === undefined ? {} : { password: login.password }),
  };
}

/**
 * The connection that every resource of a board carries.
 *
 * @param path - config path of the board's section.
 * @throws ConnectionProblem where no host key is known: a board is never trusted blindly.
 */
export function connectionFor(board: z.output<typeof boardLogin>, path = "board"): ConnectionArgs {
  return {
    ...loginArgs(board, path),
    ...(board.sudoPassword === undefined ? {} : { sudoPassword: board.sudoPassword }),
    connectTimeoutSeconds: board.connectTimeoutSeconds,
    ...(board.jump === undefined ? {} : { jump: loginArgs(board.jump, `${path}.jump`) }),
  };
}
