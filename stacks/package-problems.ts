import type { AgentsConfig } from "../components/k3s/agent-config";
import type { K3sConfig } from "../components/k3s/config";
import type { ServersConfig } from "../components/k3s/servers-config";
import { mayBeSameKubernetes } from "../provider/packages/package-version";
import type { ConfigProblem } from "./config";

/** The sections that say where k3s comes from. */
interface Sections {
  /** Not there where the first server is another stack's. */
  readonly board?: object;
  readonly k3s: Pick<K3sConfig, "version" | "source" | "allowDowngrade">;
  readonly servers: Readonly<Record<string, Pick<ServersConfig[string], "source">>>;
  readonly agents: Readonly<Record<string, Pick<AgentsConfig[string], "source" | "version">>>;
}

/** What does not go together with a k3s that is a package of the board's distribution. */
export function packageProblems(sections: Sections): ConfigProblem[] {
  return [...otherVersions(sections), ...restoredDatastore(sections)];
}

/** The version that a package is pinned to. */
function pinned(source: K3sConfig["source"] | undefined): string | undefined {
  return source !== undefined && "package" in source ? source.version : undefined;
}

/** Packages of another Kubernetes than the version by which flags and images are chosen. */
function otherVersions({ k3s, servers, agents }: Sections): ConfigProblem[] {
  const differs = (path: string, source: K3sConfig["source"] | undefined, key: string, version: string) => {
    const packaged = pinned(source);
    if (packaged === undefined || mayBeSameKubernetes(packaged, version)) return [];
    return [
      { path: `${path}.source.version`, reason: `${packaged} is another Kubernetes than ${key}, which is ${version}` },
    ];
  };
  return [
    ...differs("k3s", k3s.source, "k3s.version", k3s.version),
    ...Object.entries(servers).flatMap(([name, { source }]) =>
      differs(`servers.${name}`, source, "k3s.version", k3s.version),
    ),
    ...Object.entries(agents).flatMap(([name, { source, version }]) => {
      const path = `agents.${name}`;
      if (version === undefined) return differs(path, source, "k3s.version", k3s.version);
      const shared = source === undefined ? pinned(k3s.source) : undefined;
      return shared === undefined || mayBeSameKubernetes(shared, version)
        ? differs(path, source, `${path}.version`, version)
        : [
            {
              path: `${path}.source`,
              reason: `is missing: k3s.source is the package in ${shared}, this agent ${version}`,
            },
          ];
    }),
  ];
}

/** A package changes outside of the service's transaction: nothing copies the datastore of a server before, and nothing brings a copy back. */
function restoredDatastore({ board, k3s, servers }: Sections): ConfigProblem[] {
  if (k3s.allowDowngrade !== "restoreDatastore") return [];
  const sources = [
    ...(board === undefined ? [] : [{ path: "k3s.source", source: k3s.source }]),
    ...Object.entries(servers).map(([name, { source }]) => ({
      path: source === undefined ? "k3s.source" : `servers.${name}.source`,
      source: source ?? k3s.source,
    })),
  ];
  const found = sources.find(({ source }) => "package" in source);
  if (found === undefined) return [];
  const reason =
    `restoreDatastore is for a k3s that is a file: before a package (${found.path}) changes, the datastore is not copied. ` +
    "Use true, which goes back with the datastore as it is";
  return [{ path: "k3s.allowDowngrade", reason }];
}
