import type { Duplex } from "node:stream";

/** Result of a script on the board. */
export interface ScriptResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link Board.run}. */
export interface RunOptions {
  /** Seconds until the script is given up and killed. Defaults to 180. */
  readonly timeoutSeconds?: number;
  /** What is being waited for, for the error: "waiting for k3s.service to become active". */
  readonly purpose: string;
  /** Bytes for the script's stdin (secrets and file contents go here, never into argv). */
  readonly stdin?: Buffer | AsyncIterable<Buffer>;
}

/** A file as it is on the board. */
export type FileOnBoard =
  | { readonly kind: "absent" }
  | {
      readonly kind: "file";
      /** Octal, four digits: `0644`. */
      readonly mode: string;
      /** Name, or the number where the board has no name for it. */
      readonly owner: string;
      readonly uid: number;
      readonly group: string;
      readonly gid: number;
      readonly size: number;
      /** Lower-case hex. */
      readonly sha256: string;
      /** Present when asked for and not longer than the limit. */
      readonly content?: Buffer;
    }
  | { readonly kind: "directory" | "symlink" | "other"; readonly target?: string };

/** The board as the provider sees it: one SSH connection, root by login or by sudo. */
export interface Board {
  /** `user@host:port`, for messages. */
  readonly label: string;
  /**
   * Runs a POSIX shell script as root (by sudo where needed). The script text travels on stdin, never in argv; so do arguments that may be
   * secret. Does not throw for a non-zero exit; throws `BoardError` when the connection breaks or the time is over.
   */
  run(script: string, options: RunOptions): Promise<ScriptResult>;
  /**
   * Reads that need no order. Calls made in the same few milliseconds travel in one script and one round trip: `key` identifies the
   * question, equal questions are asked once. The fragment's stdout is the answer.
   */
  ask(key: string, fragment: string): Promise<ScriptResult>;
  /** State of files, batched with {@link ask}. Contents come along for files up to `contentLimit` bytes (default 256 KiB). */
  file(path: string, options?: { contentLimit?: number }): Promise<FileOnBoard>;
  /** A stream to an address as seen from the board (direct-tcpip): the registry on its loopback, its API server. */
  forward(host: string, port: number): Promise<Duplex>;
  /**
   * A stream to a UNIX socket on the board (OpenSSH's direct-streamlocal). sshd opens it as the user who logged in, so only a login as root
   * reaches root's sockets: others are refused without a round trip.
   */
  forwardSocket(path: string): Promise<Duplex>;
  /** SSH round trips so far: connections, scripts and forwarded channels. */
  readonly roundTrips: number;
}
