import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { Client, type ConnectConfig } from "ssh2";
import { expandHome } from "../local-paths";
import { urlHost } from "../url-host";
import { BoardError } from "./board-error";
import type { Connection } from "./connection-args";
import { fingerprint, isPinned, mismatch, offeredAlgorithms, parseHostKey } from "./host-keys";

/** `user@host:port`. */
export function labelOf({ user, host, port }: Connection): string {
  return `${user}@${urlHost(host)}:${port}`;
}

/** A logged-in connection, and those it goes through. */
export interface Login {
  readonly client: Client;
  /** Ends this connection and its jump hosts. */
  end(): void;
}

/** Logs in, through the jump host where there is one. Rejects with a {@link BoardError} that says what to do. */
export async function login(connection: Connection): Promise<Login> {
  if (!connection.jump) return loginOver(connection, undefined);
  const jump = await login(connection.jump);
  try {
    const tunnel = await new Promise<Duplex>((resolve, reject) => {
      jump.client.forwardOut("127.0.0.1", 0, connection.host, connection.port, (error, channel) => {
        if (error)
          reject(
            unreachable(connection, `${labelOf(connection.jump ?? connection)} cannot reach it (${error.message})`),
          );
        else resolve(channel);
      });
    });
    const inner = await loginOver(connection, tunnel);
    // A board that reboots ends its connection, and the next one makes a jump of its own.
    inner.client.once("close", () => jump.end());
    return {
      client: inner.client,
      end: () => {
        inner.end();
        jump.end();
      },
    };
  } catch (error) {
    jump.end();
    throw error;
  }
}

/**
 * ChaCha20 before AES, as OpenSSH's own client has it. ssh2 goes by this machine's processor, and most have instructions for AES; boards often have
 * none. (An emulated riscv64 board took 4 s of its processor for 20 MB instead of 6.)
 */
const ciphers = [
  "chacha20-poly1305@openssh.com",
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
] as const;

function loginOver(connection: Connection, tunnel: Duplex | undefined): Promise<Login> {
  const label = labelOf(connection);
  const pinned = connection.hostKeys.map(parseHostKey);
  const algorithms = offeredAlgorithms(pinned);
  if (algorithms.length === 0) {
    const types = pinned.map((key) => key.type).join(", ");
    throw new BoardError(
      "host-key",
      label,
      `no usable host key is pinned (${types})`,
      "Pin the board's ssh-ed25519, ecdsa or ssh-rsa key",
    );
  }
  const config: ConnectConfig = {
    host: connection.host,
    port: connection.port,
    username: connection.user,
    sock: tunnel,
    algorithms: { serverHostKey: algorithms, cipher: [...ciphers] },
    readyTimeout: connection.connectTimeoutSeconds * 1000,
    keepaliveInterval: 5000,
    keepaliveCountMax: 3,
    ...credentials(connection),
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    // Each session that is being opened listens for the end of the connection.
    client.setMaxListeners(0);
    let presented: Buffer | undefined;
    config.hostVerifier = (key: Buffer) => {
      presented = key;
      return isPinned(key, pinned);
    };
    client.once("ready", () => resolve({ client, end: () => client.end() }));
    client.on("error", (error: Error & { level?: string; code?: string }) => {
      if (presented && !isPinned(presented, pinned)) {
        reject(
          new BoardError(
            "host-key",
            label,
            mismatch(presented, pinned),
            "Nothing was sent. If the board was installed anew, compare the fingerprint on its console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub) " +
              "and put the new key into the configuration; otherwise somebody may be in between",
          ),
        );
      } else reject(describeFailure(connection, error));
    });
    client.once("close", () =>
      reject(unreachable(connection, "the connection was closed before the login was complete")),
    );
    try {
      client.connect(config);
    } catch (error) {
      reject(
        new BoardError(
          "authentication",
          label,
          `the private key cannot be used (${messageOf(error)})`,
          "Check board.identity and its passphrase",
        ),
      );
    }
  });
}

/** The ways to log in: the key file and the password that are given; the agent where no key file is. */
function credentials(connection: Connection): Pick<ConnectConfig, "privateKey" | "passphrase" | "password" | "agent"> {
  if (connection.identity === undefined) return { password: connection.password, agent: process.env.SSH_AUTH_SOCK };
  const path = expandHome(connection.identity);
  try {
    return { privateKey: readFileSync(path), passphrase: connection.passphrase, password: connection.password };
  } catch (error) {
    throw new BoardError(
      "authentication",
      labelOf(connection),
      `the private key ${path} cannot be read (${messageOf(error)})`,
      "Check board.identity",
    );
  }
}

function describeFailure(connection: Connection, error: Error & { level?: string; code?: string }): BoardError {
  const label = labelOf(connection);
  if (error.level === "client-authentication") {
    const tried = [
      connection.identity ? `the key ${connection.identity}` : process.env.SSH_AUTH_SOCK ? "the SSH agent" : undefined,
      connection.password === undefined ? undefined : "the password",
    ].filter((way) => way !== undefined);
    const how =
      tried.length > 0
        ? `with ${tried.join(" and ")}`
        : "and there was nothing to log in with: no identity, password or SSH agent";
    return new BoardError(
      "authentication",
      label,
      `the login was refused ${how}`,
      `Try: ssh -p ${connection.port} ${connection.user}@${connection.host}`,
    );
  }
  if (/no matching host key format/i.test(error.message)) {
    const pinned = connection.hostKeys.map(parseHostKey).map((key) => `${key.type} ${fingerprint(key.blob)}`);
    return new BoardError(
      "host-key",
      label,
      `it has no host key of a pinned type (${pinned.join(", ")})`,
      "Pin a key of a type that the board has",
    );
  }
  return unreachable(
    connection,
    error.level === "client-timeout" ? `no answer within ${connection.connectTimeoutSeconds} s` : error.message,
  );
}

function unreachable(connection: Connection, why: string): BoardError {
  return new BoardError(
    "unreachable",
    labelOf(connection),
    `the board cannot be reached: ${why}`,
    "Is it on, is sshd running, are board.host and board.port right",
  );
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
