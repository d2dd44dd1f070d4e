import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { UsageError } from "../errors";

/** The stack whose passphrase is made where the user gives none: the emulated board of the demo. */
export const demoStack = "dev";

/** Where the passphrase of a stack comes from. */
export type PassphraseSource =
  /** The user's environment, or a secrets provider that needs none: nothing to add. */
  | { readonly kind: "environment" | "provider" }
  /** A file of ours. */
  | { readonly kind: "own"; readonly file: string };

/**
 * Decides where the passphrase comes from. Pure.
 *
 * @param provider - secrets provider of the stack, where it is not a passphrase.
 * @throws UsageError where one is needed and there is none.
 */
export function passphraseSource(
  env: Readonly<Record<string, string | undefined>>,
  stack: string,
  provider: string | undefined,
): PassphraseSource {
  if (provider !== undefined) return { kind: "provider" };
  if (env.PULUMI_CONFIG_PASSPHRASE || env.PULUMI_CONFIG_PASSPHRASE_FILE) return { kind: "environment" };
  if (stack === demoStack) return { kind: "own", file: ownPassphraseFile(env) };
  throw new UsageError(
    `the secrets of stack ${stack} need a passphrase: set PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it (mode 0600), ` +
      "or PULUMI_CONFIG_PASSPHRASE to the passphrase itself. Choose one on the first run and keep it: without it the state cannot be read",
  );
}

/**
 * The file of the demo's own passphrase. In the user's configuration directory, because it must outlive caches and clones: a state
 * without its passphrase is lost, and a passphrase beside the state protects nothing.
 */
function ownPassphraseFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "k3s-board", `${demoStack}.passphrase`);
}

/** Makes the passphrase file (mode 0600) where there is none. Safe against two runs at once: the first one's file stays. */
export function ensurePassphraseFile(file: string): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const staged = `${file}.${process.pid}`;
  writeFileSync(staged, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(staged, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(staged, { force: true });
  }
}
