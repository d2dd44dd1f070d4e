/** Exit codes of every command. */
export const exitCode = {
  /** Done. */
  ok: 0,
  /** The engine, the board or this program failed. */
  failed: 1,
  /** Wrong options or wrong configuration; nothing was contacted. */
  usage: 2,
  /** `preview --expect-no-changes` found changes; the code that `pulumi preview` itself uses. */
  changes: 7,
  /** `audit` found an image that the board cannot run. */
  unfit: 8,
  /** `doctor` found an error or a warning. */
  findings: 9,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

/** One of {@link exitCode}. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Wrong options or configuration: shown as it is, without a stack trace; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Something that went wrong for a reason that the message explains to a user: shown without a stack trace; exit code 1. */
export class ExpectedError extends Error {
  override readonly name = "ExpectedError";
}
