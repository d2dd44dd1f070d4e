import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { findCommand } from "../tools/command";

const requireHere = createRequire(__filename);

/**
 * The packages of Pulumi that only some stacks need, by the section of the configuration that needs them. They are not in package.json: as
 * optional peers there, npm would not install them when asked to.
 */
export const optionalPackages = { hooks: "@pulumi/command", workloads: "@pulumi/kubernetes" } as const;

/** The versions that are known to work. The newest `@pulumi/command` on the registry, 4.5.0, is an old build without `hostKey`. */
const versions = { "@pulumi/command": "1.2.1", "@pulumi/kubernetes": "4.34.2" } as const;

/** One of {@link optionalPackages}. */
export type OptionalPackage = (typeof optionalPackages)[keyof typeof optionalPackages];

/** The environment that decides where plugins are: PULUMI_HOME, HOME, PULUMI_IGNORE_AMBIENT_PLUGINS. */
export type PluginEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Where the engine would find the plugin of a version: in its own directory by the exact version, or on PATH by its name (`getPluginInfoAndPath`
 * in sdk/go/common/workspace/plugins.go). `undefined` where it is not installed; a half-made installation is none.
 *
 * @param plugin - such as `command`.
 * @param version - such as `1.2.1`.
 */
export function findPlugin(plugin: string, version: string, env: PluginEnvironment): string | undefined {
  const program = `pulumi-resource-${plugin}`;
  const ambient = ["1", "true"].includes(env.PULUMI_IGNORE_AMBIENT_PLUGINS ?? "") ? undefined : findCommand(program);
  if (ambient !== undefined) return ambient;
  const directory = join(pluginDirectory(env), `resource-${plugin}-v${version}`);
  const isWhole = existsSync(join(directory, program)) && !existsSync(`${directory}.partial`);
  return isWhole ? join(directory, program) : undefined;
}

function pluginDirectory(env: PluginEnvironment): string {
  return join(env.PULUMI_HOME || join(env.HOME ?? homedir(), ".pulumi"), "plugins");
}

/** The version of an npm package that is installed here; `undefined` where it is not. */
function installedVersion(name: OptionalPackage): string | undefined {
  try {
    return (requireHere(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/**
 * Why a stack cannot use a package: what is missing, where that was looked for, and the commands that install it. `undefined` where it can.
 * The engine would say so as well, but in the middle of an `up`.
 *
 * @param installed - version of the npm package that is there. Defaults to a look into node_modules.
 */
export function packageProblem(
  name: OptionalPackage,
  env: PluginEnvironment = process.env,
  installed: string | undefined = installedVersion(name),
): string | undefined {
  const wanted = versions[name];
  const plugin = name.replace("@pulumi/", "");
  const missing = [
    ...(installed === wanted
      ? []
      : [
          {
            what: `the npm package ${name} ${wanted}${installed === undefined ? "" : ` (${installed} is installed)`}`,
            command: `npm install --no-save ${name}@${wanted}`,
          },
        ]),
    ...(findPlugin(plugin, wanted, env) === undefined
      ? [
          {
            what: `Pulumi's plugin ${plugin} v${wanted} (looked into ${pluginDirectory(env)} and PATH)`,
            command: `pulumi plugin install resource ${plugin} v${wanted}`,
          },
        ]
      : []),
  ];
  if (missing.length === 0) return undefined;
  return (
    `needs ${missing.map(({ what }) => what).join(" and ")}, which this program does not bring: ` +
    `run ${missing.map(({ command }) => `\`${command}\``).join(" and ")}`
  );
}

/** What sections of a configuration need and is not installed, with the path of each; nothing for sections that are empty. */
export function neededPackages(
  sections: Readonly<Record<keyof typeof optionalPackages, object>>,
): { readonly path: string; readonly reason: string }[] {
  return (["hooks", "workloads"] as const).flatMap((path) => {
    const reason = Object.keys(sections[path]).length === 0 ? undefined : packageProblem(optionalPackages[path]);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

/**
 * Loads a package that {@link packageProblem} has found nothing wrong with.
 *
 * @param part - path of a module in it, where the whole would take long to load.
 */
export function loadPackage(name: OptionalPackage, part = ""): unknown {
  return requireHere(`${name}${part}`);
}
