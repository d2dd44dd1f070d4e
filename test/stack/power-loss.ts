import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EmulatedBoard, killBoard, powerCycleBoard } from "../../emulator/board";
import { k3sPaths } from "../../components/k3s/configuration/files";
import { bootUnit } from "../../provider/systemd/boot-unit";
import { bootUnitFiles } from "../../provider/systemd/unit-state";
import { killTree } from "./kill-tree";
import { onBoard } from "./board-view";
import type { BoardSections, Run, Sections, TestProject } from "./project";

/**
 * A configuration that differs in every kind of thing that is written to a board.
 *
 * @param directory - where its manifest is written.
 */
export function changedSections(before: BoardSections, directory: string): Sections {
  const { k3s } = before;
  const manifest = join(directory, "extra.yaml");
  writeFileSync(manifest, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra, namespace: default}\n");
  return {
    ...before,
    board: {
      ...before.board,
      prerequisites: { hosts: { "192.0.2.8": ["changed.example"] }, sysctls: { "vm.swappiness": 20 } },
    },
    k3s: { ...k3s, config: { "node-label": ["changed=yes"] } },
    images: { ...before.images, "k3s-board/hello:2.0": { kind: "goDirectory", directory: "./examples/hello" } },
    manifests: { ...before.manifests, extra: { file: manifest } },
  };
}

/** Directories whose files are ours, or were there before; k3s's own data, the registry's blobs and our notes are not among them. */
const written = ["/etc", "/usr/local", "/var/lib/rancher/k3s/server/manifests", "/var/lib/rancher/k3s/agent/images"];

/** Files below {@link written} that k3s writes, or Debian at boot: their content is not ours to judge. */
const othersFiles =
  /^\/etc\/(rancher\/k3s\/k3s\.yaml|rancher\/node\/|cni\/|resolv\.conf|machine-id)|\/manifests\/(?!custom-)/;

/** How our writes call a file that is not whole yet; see `provider/files/originals.ts`. */
const unfinished = ".k3s-board-new";

/** Content of every file that a run of ours may write: sha256 by path. */
export type Contents = ReadonlyMap<string, string>;

/** Reads {@link Contents} of a board. */
export async function contentsOf(board: EmulatedBoard): Promise<Contents> {
  const listing = await onBoard(
    board,
    `find ${written.join(" ")} -xdev -type f -exec sha256sum {} + 2>/dev/null; true`,
  );
  const lines = listing.split("\n").map((line): [string, string] => [line.slice(66), line.slice(0, 64)]);
  return new Map(lines.filter(([path]) => !othersFiles.test(path)));
}

/** Units for a boot in which a change is taken back: of a change that had not begun yet they stay until the next `up`. */
const bootUnits: Contents = new Map(
  [
    { name: "k3s", data: k3sPaths.dataDir },
    { name: "k3s-board-registry", data: undefined },
  ].map(({ name, data }) => [
    bootUnitFiles(name).unit,
    createHash("sha256").update(bootUnit(name, data)).digest("hex"),
  ]),
);

/**
 * Files that are neither as they were before nor as they should be: half-written ones. Files that are not whole yet have names of their own and
 * do not count.
 *
 * @param whole - what a run may begin and end with.
 */
export function halfWritten(seen: Contents, whole: readonly Contents[]): string[] {
  return [...seen]
    .filter(
      ([path, sum]) =>
        !path.endsWith(unfinished) && ![bootUnits, ...whole].some((contents) => contents.get(path) === sum),
    )
    .map(([path]) => path);
}

/** A fraction from 0 to 1 that depends on its arguments only: the moments of a run can be had again. */
export function fraction(seed: number, run: number): number {
  return createHash("sha256").update(`${seed} ${run}`).digest().readUInt32BE() / 2 ** 32;
}

/** What {@link powerLossDuringUp} came to. */
export interface PowerLoss {
  /** The `up` that lost its board: exit code 0 where it had ended before the power went, 137 where it had to be killed. */
  readonly up: Run;
  /** The files as they were after the board had booted again, before anything mended them. */
  readonly contents: Contents;
}

/**
 * Starts `up`, cuts the board's power after a time and boots the board. `up` is left to find out by itself for a while, and then killed.
 *
 * @param seconds - from the start of `up` to the cut.
 * @param patienceSeconds - how long `up` may go on after its board has lost its power.
 */
export async function powerLossDuringUp(
  board: EmulatedBoard,
  project: TestProject,
  { seconds, patienceSeconds }: { readonly seconds: number; readonly patienceSeconds: number },
): Promise<PowerLoss> {
  const { child, finished } = project.start("up", "--stack", "test", "--yes", "--json");
  await Promise.race([finished, sleep(seconds * 1000)]);
  await killBoard(board.name);
  const killing = setTimeout(() => killTree(child.pid!), patienceSeconds * 1000);
  const up = await finished;
  clearTimeout(killing);
  await powerCycleBoard(board.name);
  return { up, contents: await contentsOf(board) };
}
