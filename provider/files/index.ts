import * as pulumi from "@pulumi/pulumi";
import { secretConnection, type ConnectionArgs } from "../connection-input";
import type { BoardFile } from "./get-file";

export type { BoardFile } from "./get-file";

/** Arguments of {@link File}. */
export interface FileArgs {
  /** How to reach the board; always secret, and by itself never a reason for an update. */
  connection: pulumi.Input<ConnectionArgs>;
  /** Absolute path on the board. A change replaces the resource: the old path gets back what it had. */
  path: pulumi.Input<string>;
  /** Text of the file. Either this or `source`. A secret stays one; then a preview shows a keyed fingerprint of it. */
  content?: pulumi.Input<string>;
  /** Path of a file on this machine, for what is big or no text. `~/` is the home directory. Either this or `content`. */
  source?: pulumi.Input<string>;
  /** Expected SHA-256 of the file, lower-case hex; a `source` with another one is refused. Defaults to what the file has. */
  sha256?: pulumi.Input<string>;
  /** Octal mode, four digits. Defaults to `"0644"`. */
  mode?: pulumi.Input<string>;
  /** User, by name or number. Defaults to `"root"`. */
  owner?: pulumi.Input<string>;
  /** Group, by name or number. Defaults to `"root"`. */
  group?: pulumi.Input<string>;
}

/**
 * A file on the board. Written atomically; missing directories are made (0755). What was at the path before our first write is kept on
 * the board and comes back, with mode and owner, when the resource is deleted. A change by hand shows in the next preview and is undone.
 */
export class File extends pulumi.CustomResource {
  declare readonly path: pulumi.Output<string>;
  /** SHA-256 of the content, lower-case hex; known in a preview. */
  declare readonly sha256: pulumi.Output<string>;
  declare readonly mode: pulumi.Output<string>;
  declare readonly owner: pulumi.Output<string>;
  declare readonly group: pulumi.Output<string>;

  constructor(name: string, args: FileArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "board:index:File",
      name,
      { sha256: undefined, mode: undefined, owner: undefined, group: undefined, ...secretConnection(args) },
      options,
    );
  }
}

/**
 * Reads a text file of a board, for what is to be merged with what others wrote there. Changes nothing; works in a preview.
 *
 * @param args - with `mayBeLong` a longer file is told (`isLong`) instead of refused.
 * @returns without `content` where there is no file.
 * @throws where the board cannot be reached, or the path is no file of at most 256 KiB.
 */
export function getFile(
  args: { connection: ConnectionArgs; path: string; mayBeLong?: boolean },
  options?: pulumi.InvokeOptions,
): Promise<BoardFile> {
  return pulumi.runtime.invoke("board:index:getFile", args, options ?? {}) as Promise<BoardFile>;
}
