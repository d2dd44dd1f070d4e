import type { ViewStream } from "../events/view";

/** Where a command writes. With `--json` standard output is for the document alone and people read standard error. */
export interface Streams {
  readonly result: ViewStream;
  readonly human: ViewStream;
}

/** Options that every command has. */
export interface CommonFlags {
  readonly stack: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly color: "auto" | "always" | "never";
}

/** Chooses the streams for a command. */
export function streamsFor(flags: Pick<CommonFlags, "json">): Streams {
  return { result: process.stdout, human: flags.json ? process.stderr : process.stdout };
}
