import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../components/board/architecture";
import { debianKeyring, findAptSource } from "./apt-source";
import { cached } from "./cache";
import { runCommand } from "./command";
import { ensureCommands, ensureFiles } from "./host-packages";
import type { Progress } from "./progress";

/** A Debian package for an architecture. */
export interface DebianPackage {
  /** Its name, such as `busybox-static`. */
  readonly package: string;
  /** Debian release, such as `trixie`. */
  readonly suite: string;
  /** Exact version. Defaults to the one of the suite. */
  readonly version?: string | undefined;
}

/**
 * Fetches a Debian package for an architecture and unpacks it; nothing is installed and the settings of this machine's apt are not changed. apt
 * verifies it by the archive's signature. Without a version, the one that was fetched first is kept until it leaves the cache.
 *
 * @returns the directory with its files, and its version.
 * @throws where there is no Debian archive to take it from, or it has no such package.
 */
export async function fetchDebianPackage(
  wanted: DebianPackage,
  architecture: Architecture,
  progress: Progress,
): Promise<{ directory: string; version: string }> {
  const identity = createHash("sha256").update(JSON.stringify([wanted.suite, wanted.version]));
  const key = `${wanted.package}-${architecture}-${identity.digest("hex").slice(0, 16)}`;
  const title = `fetching ${wanted.package} for ${architecture} from Debian ${wanted.suite}`;
  const entry = await cached("debian-packages", key, (directory) =>
    progress.step(title, (note) => fetchInto(directory, wanted, architecture, progress, note)),
  );
  return { directory: join(entry, "files"), version: await readFile(join(entry, "version"), "utf8") };
}

async function fetchInto(
  directory: string,
  wanted: DebianPackage,
  architecture: Architecture,
  progress: Progress,
  note: (text: string) => void,
): Promise<void> {
  const why = "unpacks Debian packages";
  const commands = ["apt-get", "dpkg-deb"].map((command) => ({
    command,
    debianPackage: command.slice(0, command.indexOf("-")),
    why,
  }));
  await ensureCommands(commands, progress);
  await ensureFiles([debianKeyring], progress);
  const apt = join(directory, "apt");
  const configuration = await prepareApt(apt, wanted.suite, architecture);
  const run = (args: readonly string[], purpose: string) =>
    runCommand("apt-get", ["-q", ...args], {
      cwd: apt,
      env: { APT_CONFIG: configuration },
      timeoutSeconds: 600,
      purpose,
      onLine: (line) => note(line.slice(0, 100)),
    });
  await run(["update"], `reading the packages of Debian ${wanted.suite} for ${architecture}`);
  const exact = wanted.version === undefined ? wanted.package : `${wanted.package}=${wanted.version}`;
  await run(["download", exact], `fetching ${exact} for ${architecture} from Debian ${wanted.suite}`);
  const [archive] = (await readdir(apt)).filter((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get downloaded no package ${exact} for ${architecture}`);
  await mkdir(join(directory, "files"));
  await runCommand("dpkg-deb", ["--extract", join(apt, archive), join(directory, "files")]);
  const { stdout } = await runCommand("dpkg-deb", ["--field", join(apt, archive), "Version"]);
  await writeFile(join(directory, "version"), stdout.trim());
  await rm(apt, { recursive: true });
}

/** An apt of its own below a directory: for another architecture, without a look at what this machine has installed. */
async function prepareApt(root: string, suite: string, architecture: Architecture): Promise<string> {
  const source = await findAptSource();
  for (const path of ["lists/partial", "cache/archives/partial", "empty"]) {
    await mkdir(join(root, path), { recursive: true });
  }
  const sources = join(root, "sources.list");
  // Both may hold a proxy's or mirror's password, so they go by files that only we can read.
  await writeFile(sources, `deb [signed-by=${debianKeyring.file}] ${source.archive} ${suite} main\n`, { mode: 0o600 });
  await writeFile(join(root, "status"), "");
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Get::List-Cleanup": "false",
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Dir::Etc": join(root, "empty"),
    "Dir::Etc::sourcelist": sources,
    "Dir::State": root,
    "Dir::State::status": join(root, "status"),
    "Dir::Cache": join(root, "cache"),
  };
  const configuration = join(root, "apt.conf");
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  await writeFile(configuration, `${source.options}${lines.join("")}`, { mode: 0o600 });
  return configuration;
}
