import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import type { Architecture } from "../components/board/architecture";
import { debianKeyring, findAptSource } from "../tools/apt-source";
import { cached } from "../tools/cache";
import { runCommand } from "../tools/command";
import { ensureCommands, ensureFiles, type CommandNeed } from "../tools/host-packages";
import { hostArchitecture } from "../tools/host-architecture";
import type { Progress } from "../tools/progress";
import { boardTypes } from "./architectures";
import { runAsRoot, withRootDirectory } from "./privilege";
import { quoteForShell } from "./ssh";

/** What a Debian root file system is made of. */
export interface DebianRecipe {
  readonly architecture: Architecture;
  readonly suite: "trixie";
  readonly packages: readonly string[];
  /** Files that must be there before the packages are configured, by path. */
  readonly earlyFiles: Readonly<Record<string, string>>;
}

/** Documentation and translations are half of a small system and nobody reads them on a board that is thrown away. */
const leftOut = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/info/*",
  "/usr/share/locale/*",
  "/usr/share/lintian/*",
];

/**
 * The Debian root file system of a recipe, as a tar archive with owners and modes. Made by mmdebstrap once per recipe and kept: where
 * the programs are of a foreign architecture it takes minutes.
 *
 * @returns path of the archive.
 */
export async function debianBase(recipe: DebianRecipe, progress: Progress): Promise<string> {
  const directory = await cached("debian", recipeKey(recipe), async (unfinished) => {
    await prepareHost(recipe.architecture, progress);
    const title = `installing Debian ${recipe.suite} for ${recipe.architecture}: ${recipe.packages.length} packages and what they need`;
    await progress.step(title, (note) =>
      withRootDirectory(recipeKey(recipe), (temporary) => bootstrap(recipe, unfinished, temporary, note)),
    );
  });
  return join(directory, "root.tar");
}

/** Content key of a recipe. */
export function recipeKey(recipe: DebianRecipe): string {
  const text = JSON.stringify({ recipe, leftOut, version: 1 });
  return `${recipe.suite}-${recipe.architecture}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

/**
 * Runs the command behind it in process and mount namespaces of its own that end with this process, however that ends: an orphaned mmdebstrap
 * goes on for minutes, and one that is killed leaves /proc and /sys mounted in a directory that somebody will remove.
 */
const endWithParent = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "--",
  "unshare",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--",
];

async function bootstrap(
  recipe: DebianRecipe,
  directory: string,
  temporary: string,
  note: (text: string) => void,
): Promise<void> {
  const source = await findAptSource();
  // Both may hold a proxy's or mirror's password, so they go by files that only we can read.
  const options = join(directory, "apt.conf");
  await writeFile(options, source.options, { mode: 0o600 });
  const sources = join(directory, "sources.list");
  await writeFile(sources, `deb ${source.archive} ${recipe.suite} main\n`, { mode: 0o600 });
  const early = join(directory, "early");
  for (const [path, content] of Object.entries(recipe.earlyFiles)) {
    await mkdir(join(early, path, ".."), { recursive: true });
    await writeFile(join(early, path), content);
  }
  const partial = join(directory, "partial.tar");
  await runAsRoot(
    [
      ...endWithParent,
      ...["env", `TMPDIR=${temporary}`],
      "mmdebstrap",
      "--mode=root",
      `--architectures=${recipe.architecture}`,
      "--variant=minbase",
      "--format=tar",
      `--keyring=${debianKeyring.file}`,
      ...(source.options ? [`--aptopt=${options}`] : []),
      ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
      `--include=${recipe.packages.join(",")}`,
      ...(existsSync(early)
        ? [`--essential-hook=cd ${quoteForShell(early)} && find . -type f -exec install -D -m 0644 {} "$1/{}" ";"`]
        : []),
      // What was needed to get through this machine's network stays here; a board of the same network still finds the archive.
      `--customize-hook=rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap"`,
      recipe.suite,
      partial,
      sources,
    ],
    {
      timeoutSeconds: 3600,
      purpose: `installing Debian ${recipe.suite} for ${recipe.architecture}`,
      onLine: (line) => {
        if (line.startsWith("I: ")) note(line.slice(3, 80));
      },
    },
  );
  await runAsRoot(["chown", String(userInfo().uid), partial]);
  await Promise.all([options, sources, early].map((path) => rm(path, { recursive: true, force: true })));
  await rename(partial, join(directory, "root.tar"));
}

async function prepareHost(architecture: Architecture, progress: Progress): Promise<void> {
  const foreign = architecture !== hostArchitecture();
  const why = `makes the root file system of the ${architecture} board`;
  const needs: CommandNeed[] = [
    { command: "mmdebstrap", debianPackage: "mmdebstrap", why },
    { command: "tar", debianPackage: "tar", why },
    { command: "setpriv", debianPackage: "util-linux", why },
    ...(foreign
      ? [
          { command: "arch-test", debianPackage: "arch-test", why },
          {
            command: "update-binfmts",
            debianPackage: "binfmt-support",
            why: `lets this machine run ${architecture} programs`,
          },
          {
            command: boardTypes[architecture].userEmulator,
            debianPackage: "qemu-user-static",
            why: `runs ${architecture} programs`,
          },
        ]
      : []),
  ];
  await ensureCommands(needs, progress);
  await ensureFiles([debianKeyring], progress);
  if (foreign) await enableForeignPrograms(architecture);
}

/** Lets the kernel start programs of another architecture. Idempotent; where the kernel does it already nothing is touched. */
async function enableForeignPrograms(architecture: Architecture): Promise<void> {
  const works = () =>
    runCommand("arch-test", [architecture], { timeoutSeconds: 30 }).then(
      () => true,
      () => false,
    );
  if (await works()) return;
  const directory = "/proc/sys/fs/binfmt_misc";
  if (!existsSync(join(directory, "register")))
    await runAsRoot(["mount", "-t", "binfmt_misc", "binfmt_misc", directory]);
  await runAsRoot(["update-binfmts", "--enable", boardTypes[architecture].userEmulator.replace(/-static$/, "")]);
  if (await works()) return;
  throw new Error(
    `this machine cannot run ${architecture} programs: binfmt_misc is mounted and qemu-user-static is installed, but arch-test ${architecture} ` +
      `still fails; in a container, run "docker run --privileged" or register qemu-user-static on the host`,
  );
}
