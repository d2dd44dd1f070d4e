import type { ConnectionArgs } from "../../provider";
import { preamble, quote } from "../../provider/ssh/shell";

/** What `@pulumi/command` takes of a host, as far as it is used here. */
export interface RemoteHost {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly privateKey?: string;
  readonly privateKeyPassword?: string;
  readonly password?: string;
}

/** The connection of a `remote.Command`. */
export interface RemoteConnection extends RemoteHost {
  readonly proxy?: RemoteHost;
  readonly perDialTimeout: number;
}

/** Between the sudo password and what the command is to get, for the case that sudo did not want the password. */
const separator = "k3s-board-stdin-follows";

/**
 * A host key that `@pulumi/command` can check. It offers the server exactly the type of the one key that it is given, and for an RSA key
 * that means its signatures with SHA-1, which no current sshd makes. `undefined` where only such a key is pinned.
 */
export function usableHostKey(hostKeys: readonly string[]): string | undefined {
  const kinds = [/^ssh-ed25519 /, /^ecdsa-sha2-nistp(256|384|521) /];
  return kinds.map((kind) => hostKeys.find((key) => kind.test(key))).find((key) => key !== undefined);
}

/**
 * The stack's connection in the words of `@pulumi/command`.
 *
 * @param readKey - reads a private key file.
 * @throws Error where no pinned host key can be used.
 */
export function remoteConnection(connection: ConnectionArgs, readKey: (path: string) => string): RemoteConnection {
  const { jump, connectTimeoutSeconds = 30 } = connection;
  return {
    ...remoteHost(connection, readKey),
    perDialTimeout: Math.ceil(connectTimeoutSeconds),
    ...(jump === undefined ? {} : { proxy: remoteHost(jump, readKey) }),
  };
}

function remoteHost(login: Omit<ConnectionArgs, "jump">, readKey: (path: string) => string): RemoteHost {
  const { host, port = 22, user = "root", hostKeys, identity, passphrase, password } = login;
  const hostKey = usableHostKey(hostKeys);
  if (hostKey === undefined)
    throw new Error(
      `hooks check the host key of ${host} by its ssh-ed25519 or ecdsa key, and only others are pinned: pin one of those`,
    );
  return {
    host,
    port,
    user,
    hostKey,
    ...(identity === undefined ? {} : { privateKey: readKey(identity) }),
    ...(passphrase === undefined ? {} : { privateKeyPassword: passphrase }),
    ...(password === undefined ? {} : { password }),
  };
}

/** A shell command as root on the board, with a limit that holds there even when the connection is gone. Nothing secret is in it. */
export function commandLine(
  command: string,
  timeoutSeconds: number,
  { user = "root", sudoPassword }: Pick<ConnectionArgs, "user" | "sudoPassword">,
): string {
  const skip = `while read -r l; do [ "$l" = ${separator} ] && break; done\n`;
  const script = `${preamble}${needsPassword({ user, sudoPassword }) ? skip : ""}${command}`;
  const bounded = `timeout -k 5 ${timeoutSeconds} sh -c ${quote(script)}`;
  if (user === "root") return `exec ${bounded}`;
  return sudoPassword === undefined ? `exec sudo -n -- ${bounded}` : `exec sudo -S -p '' -- ${bounded}`;
}

/** What a command gets on standard input: the sudo password, where one is needed, and its own. `undefined`: nothing. */
export function commandInput(
  own: string | undefined,
  login: Pick<ConnectionArgs, "user" | "sudoPassword">,
): string | undefined {
  return needsPassword(login) ? `${login.sudoPassword}\n${separator}\n${own ?? ""}` : own;
}

function needsPassword({ user = "root", sudoPassword }: Pick<ConnectionArgs, "user" | "sudoPassword">): boolean {
  return user !== "root" && sudoPassword !== undefined;
}
