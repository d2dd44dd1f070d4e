import { z } from "zod";
import type { Board } from "../ssh/board";
import { BoardError } from "../ssh/board-error";
import { stateDirectory } from "../ssh/file-questions";
import { lastLines } from "../files/write";
import { keysOf, type Values } from "./kind";
import { type KindName, kindNames, kindOf } from "./kinds";
import { look } from "./look";

/** What we note on the board before we send a reboot: with it, a run that was killed is told from one that has done nothing. */
export const rebootRecord = `${stateDirectory}/reboot.json`;

const recordSchema = z.object({ bootId: z.string(), reasons: z.array(z.string()) });

/** The boot that a reboot was sent in, and why. */
export type RebootRecord = z.output<typeof recordSchema>;

/** What a board says of its boot. */
export interface Boot {
  /** Changes with each boot. */
  readonly bootId: string;
  /** What the running system has, by kind of setting. */
  readonly running: Readonly<Partial<Record<KindName, string>>>;
  /** Packages whose update asks for a boot, or nothing; absent where no update does. */
  readonly required?: string | undefined;
  /** Controllers that the root cgroup offers; none with the old hierarchies. */
  readonly controllers: readonly string[];
  /** A reboot of ours that nobody has seen the end of. */
  readonly record?: RebootRecord | undefined;
}

/** What a reboot is asked for. */
export interface RebootWish {
  readonly settings: readonly BootSetting[];
  readonly forUpdates: boolean;
}

/** A setting that may wait for a boot. */
export interface BootSetting {
  readonly kind: KindName;
  readonly values: Values;
}

/** `/run/reboot-required` is how Debian and Ubuntu say that an update waits for a boot, `.pkgs` beside it for which packages. */
const bootFragment = `read -r b </proc/sys/kernel/random/boot_id; echo "boot=$b"
c=; [ ! -r /sys/fs/cgroup/cgroup.controllers ] || read -r c </sys/fs/cgroup/cgroup.controllers; echo "controllers=$c"
if [ -e /run/reboot-required ]; then p=$(sort -u /run/reboot-required.pkgs 2>/dev/null); echo "required=" $p; fi`;

/** Reads what {@link bootFragment} prints. `required`: the packages, or nothing where no update waits. */
export function parseBoot(output: string): { bootId: string; controllers: string[]; required?: string } {
  const lines = new Map(
    output.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const required = lines.get("required");
  return {
    bootId: lines.get("boot") ?? "",
    controllers: (lines.get("controllers") ?? "").split(" ").filter(Boolean),
    ...(required === undefined ? {} : { required }),
  };
}

/** Kinds that a boot may have to apply. All are looked at: a preview has to know of those that are new in the configuration too. */
const bootKinds = kindNames.filter((kind) => kindOf(kind).waitsForBoot !== undefined);

/** Asks for everything that a reboot is decided by, in the round trip of all other reads. */
export async function readBoot(board: Board, settings: readonly BootSetting[]): Promise<Boot> {
  const [said, record, ...running] = await Promise.all([
    board.ask("boot", bootFragment),
    board.file(rebootRecord),
    ...bootKinds.map(async (kind) => {
      const values = settings.find((setting) => setting.kind === kind)?.values ?? {};
      return [kind, (await look(board, kind, keysOf(values))).output] as const;
    }),
  ]);
  const boot = parseBoot(said.stdout);
  if (said.code !== 0 || boot.bootId === "")
    throw new BoardError("refused", board.label, `the board does not tell its boot id: ${lastLines(said.stderr)}`);
  return {
    ...boot,
    running: Object.fromEntries(running),
    record: record.kind === "file" ? parseRecord(record.content?.toString("utf8") ?? "") : undefined,
  };
}

/** Why the board has to boot: what the next boot will have and the running system has not. */
export function rebootReasons({ settings, forUpdates }: RebootWish, { running, required }: Boot): string[] {
  const nothing = { files: {}, originals: {}, before: {}, unfinished: false };
  const waiting = settings.flatMap(
    ({ kind, values }) => kindOf(kind).waitsForBoot?.(values, { ...nothing, output: running[kind] ?? "" }) ?? [],
  );
  if (!forUpdates || required === undefined) return waiting;
  return [...waiting, required === "" ? "an update asks for it" : `updates of ${required} ask for it`];
}

function parseRecord(text: string): RebootRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Reasons that a reboot of ours did not take away: another one would not either. */
export function inVain(reasons: readonly string[], { bootId, record }: Boot): string[] {
  if (record === undefined || record.bootId === bootId) return [];
  return reasons.filter((reason) => record.reasons.includes(reason));
}
