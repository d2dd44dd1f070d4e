import { resolve, join } from "node:path";
import { findCommand, runCommand } from "./command";
import { buildGo, findGoBuild, type GoBuild } from "./go";
import { hostArchitecture } from "./host-architecture";
import type { Progress } from "./progress";
import { fetchRelease, findRelease, type Release } from "./releases";
import { isAtLeast } from "./versions";

/** The version that is fetched where none is installed. */
export const pulumiVersion = "v3.259.0";

/** The oldest installed CLI that is used: that of the SDK in package.json. */
export const oldestPulumi = "v3.248.0";

/**
 * Finds or gets the Pulumi CLI: an installed one, Pulumi's release, or, where only package registries answer, one built from its Go module.
 * The last has no language hosts, which inline programs do not need.
 *
 * @returns path of the `pulumi` command.
 * @throws when none of the ways works, with what each of them said.
 */
export async function ensurePulumi(progress: Progress): Promise<string> {
  const installed = findCommand("pulumi");
  if (installed && isAtLeast(await versionOf(installed), oldestPulumi)) return installed;

  const build = pulumiBuild();
  const unpacked = await findRelease(pulumiRelease());
  if (unpacked) return join(unpacked, "pulumi/pulumi");
  const built = await findGoBuild(build);
  if (built) return built.path;

  let refusal: string;
  try {
    return join(await fetchRelease(pulumiRelease(), progress), "pulumi/pulumi");
  } catch (error) {
    refusal = (error as Error).message;
  }
  try {
    return (await buildGo(build, progress)).path;
  } catch (error) {
    throw new Error(
      `no Pulumi CLI ${oldestPulumi} or newer on PATH, and none could be made.\nRelease: ${refusal}\nGo module: ${(error as Error).message}\n` +
        "Install it as https://www.pulumi.com/docs/install says, and try again",
      { cause: error },
    );
  }
}

async function versionOf(path: string): Promise<string> {
  try {
    const env = { PULUMI_SKIP_UPDATE_CHECK: "true" };
    return (await runCommand(path, ["version"], { env, timeoutSeconds: 30 })).stdout;
  } catch {
    return "";
  }
}

function pulumiRelease(): Release {
  const architecture = process.arch === "x64" ? "x64" : hostArchitecture();
  const name = `pulumi-${pulumiVersion}-${process.platform}-${architecture}`;
  const base = "https://get.pulumi.com/releases/sdk";
  return {
    name,
    url: `${base}/${name}.tar.gz`,
    checksumUrl: `${base}/pulumi-${pulumiVersion.slice(1)}-checksums.txt`,
  };
}

function pulumiBuild(): GoBuild {
  return {
    module: resolve(__dirname, "modules/pulumi"),
    packagePath: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    goarch: hostArchitecture(),
    goos: process.platform === "darwin" ? "darwin" : "linux",
    ldflags: [`-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${pulumiVersion}`],
    name: "pulumi",
  };
}
