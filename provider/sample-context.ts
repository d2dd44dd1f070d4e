import type { Context } from "./resource";
import type { Board } from "./ssh/board";

/** For tests: what the engine would hand to a resource type. Nothing is secret, everything was told in a preview, and nobody knows causes. */
export function sampleContext(
  /** The board that every connection leads to: what the test asks of it is enough. */
  board: object,
  /** Gets `severity: message` for all that is said. */
  said: string[] = [],
  changes: Partial<Context> = {},
): Context {
  return {
    urn: "urn:pulumi:test::test::board:index:Test::test",
    board: () => Promise.resolve(board as Board),
    mask: (text) => text,
    log: (severity, message) => void said.push(`${severity}: ${message}`),
    isTold: () => true,
    causes: () => Promise.resolve([]),
    ...changes,
  };
}
