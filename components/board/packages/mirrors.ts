import { readFileSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import { expandHome } from "../../../provider/local-paths";
import { armoredKeys, type PackageMirrorsConfig } from "./config";
import { mirrorFiles } from "./files";

/** What is wrong with the files of keys, each with its path below the section. */
export function mirrorProblems(mirrors: PackageMirrorsConfig): { path: string; reason: string }[] {
  return Object.entries(mirrors).flatMap(([name, { key }]) => {
    if ("text" in key) return [];
    const path = `${name}.key.path`;
    try {
      const isKey = armoredKeys.test(readFileSync(expandHome(key.path), "utf8"));
      return isKey ? [] : [{ path, reason: `${key.path} is no armored public key: gpg --export --armor makes one` }];
    } catch (error) {
      return [{ path, reason: `${key.path} cannot be read (${(error as Error).message})` }];
    }
  });
}

/** Mirrors for a package manager that the board does not have, as sentences. */
export function mirrorManagerProblems(
  mirrors: PackageMirrorsConfig,
  packageManager: board.Facts["packageManager"],
  path: string,
): string[] {
  return Object.entries(mirrors).flatMap(([name, { kind }]) =>
    kind === packageManager
      ? []
      : [
          `${path}.packageMirrors.${name}: it is for ${kind}, and the board has ${packageManager ?? "neither apt nor dnf"}`,
        ],
  );
}

/**
 * Tells a board's package manager of further places for packages, in files that go again with the stack.
 *
 * @param name - what the names of the resources begin with.
 */
export function packageMirrors(
  name: string,
  mirrors: PackageMirrorsConfig,
  connection: pulumi.Input<board.ConnectionArgs>,
): board.File[] {
  return Object.entries(mirrors).flatMap(([mirror, config]) =>
    mirrorFiles(mirror, config).map(
      ({ part, path, from }) => new board.File(`${name}-mirror-${mirror}-${part}`, { connection, path, ...from }),
    ),
  );
}
