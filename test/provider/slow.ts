import { expect } from "vitest";
import type { TestBoard } from "./board";

/** Programs of a board that stand still at a moment of a test's choice, for a kill or a power cut at that moment. */
export interface Slow {
  /**
   * Has a program of the board wait, until the next boot or the end of {@link release}, where its arguments match a pattern of the shell.
   *
   * @param before - shell that is run before it waits.
   */
  at(program: string, pattern: string, before?: string): Promise<void>;
  /** Waits until it waits. */
  reached(): Promise<void>;
  /** Lets it go on. */
  release(): Promise<void>;
  /** Gives the board its own programs back. */
  end(): Promise<void>;
}

/** {@link Slow} on a board. */
export function slowOn(test: () => TestBoard): Slow {
  const sh = async (script: string) => void (await test().sh(script));
  return {
    at: (program, pattern, before = ":") =>
      sh(`mkdir -p /usr/local/sbin; cat >/usr/local/sbin/${program} <<'E'
#!/bin/sh
case "$*" in ${pattern}) [ ! -e /run/slow ] || { ${before}; echo >/run/slowed; while [ -e /run/slow ]; do sleep 0.1; done; } ;; esac
exec /usr/bin/${program} "$@"
E
chmod 0755 /usr/local/sbin/${program}; ln -sf /usr/local/sbin/${program} /usr/local/bin/; : >/run/slow`),
    reached: () => expect.poll(() => test().sh("ls /run/slowed || :"), { timeout: 60_000 }).toBe("/run/slowed"),
    release: () => sh("rm /run/slow"),
    end: () => sh("/usr/bin/rm -f /run/slow /run/slowed /usr/local/sbin/* /usr/local/bin/*"),
  };
}
