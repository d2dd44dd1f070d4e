import { z } from "zod";
import { boardConfig } from "../board/config";
import { type K3sConfig, k3sSource } from "./config";
import { stackConfiguration } from "./configuration/files";
import { flagNamed } from "./configuration/flags";
import { flagNameOf } from "./configuration/keys";
import { serverProblems } from "./configuration/rules";
import {
  memberKeyProblems,
  memberKeyWarnings,
  memberName,
  memberOwnedFlags,
  type MemberProblem,
  memberShape,
} from "./member-config";

/** One further server: a board of its own, and what its node is like. */
export const serverConfig = z.strictObject({
  ...boardConfig.shape,
  source: k3sSource
    .optional()
    .describe("Where its k3s binary comes from. Defaults to `k3s.source`, which is for the architecture of `board`."),
  ...memberShape,
  config: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "Further keys of this server's k3s config file that are its own, such as `node-ip`. What servers have in common is in `k3s.config`.",
    ),
});

/** The `servers` section: further servers of the cluster, by the names of their nodes. */
export const serversConfig = z.record(memberName, serverConfig);

/** {@link serverConfig} with defaults filled in. */
export type ServerConfig = z.output<typeof serverConfig>;

/** {@link serversConfig} with defaults filled in. */
export type ServersConfig = z.output<typeof serversConfig>;

/**
 * Flags that are the cluster's: k3s does not let a server join whose values differ (`CriticalControlArgs` in pkg/daemons/config/types.go), or the
 * nodes would find each other at another place than this program tells them.
 */
const clusterFlags = [
  ...["cluster-cidr", "service-cidr", "cluster-dns", "cluster-domain", "https-listen-port", "supervisor-port"],
  ...["disable", "disable-cloud-controller", "disable-helm-controller", "disable-kube-proxy", "disable-network-policy"],
  ...["flannel-backend", "flannel-external-ip", "flannel-ipv6-masq", "egress-selector-mode", "embedded-registry"],
  ...["secrets-encryption", "secrets-encryption-provider", "supervisor-metrics", "agent-token", "agent-token-file"],
] as const;

const ownedFlags: Readonly<Record<string, string>> = {
  ...Object.fromEntries(clusterFlags.map((flag) => [flag, "is the same on all servers: use k3s.config"])),
  ...memberOwnedFlags,
  disable: "is the same on all servers: use k3s.disable",
  "cluster-init": "is for the first server, which is board",
  "cluster-reset": "would make a cluster of this server alone",
  "cluster-reset-restore-path": "is for the first server, which is board",
  "datastore-endpoint": "further servers join the first one's embedded etcd",
};

/** Flags that only servers have, and that are one server's own. */
const ownServerFlags = new Set([
  ...["advertise-address", "advertise-port", "apiserver-bind-address"],
  ...["cluster-init", "cluster-reset", "cluster-reset-restore-path", "server"],
]);

/**
 * Keys of a further server's config file: those of `k3s.config` that make a cluster what it is, which all servers have to have, and its own. What
 * `k3s.config` says of the first server's node (`node-ip`, `kubelet-arg`) is not handed on.
 */
export function serverKeys(
  { config: common }: Pick<K3sConfig, "config">,
  { config: own }: Pick<ServerConfig, "config">,
): Record<string, unknown> {
  const shared = Object.entries(common).filter(([key]) => {
    const name = flagNameOf(key);
    return flagNamed(name)?.on === "server" && !ownServerFlags.has(name);
  });
  return { ...Object.fromEntries(shared), ...own };
}

const given = z.object({ version: z.string().catch(""), config: z.record(z.string(), z.unknown()).catch({}) });

/**
 * What is wrong with the keys of each further server's `config`, whatever else is wrong with the section.
 *
 * @param servers - the section as it was given.
 * @param k3s - the `k3s` section as it was given.
 */
export function serverKeyProblems(servers: unknown, k3s: unknown): MemberProblem[] {
  const common = given.catch({ version: "", config: {} }).parse(k3s);
  return memberKeyProblems("servers", servers, common.version, {
    role: "server",
    owned: ownedFlags,
    rules: (config, known, minor) => {
      const all = serverKeys(common, { config });
      const found = serverProblems(stackConfiguration({ version: known, config: all }), minor);
      // what is wrong with the common keys is told there
      return found.filter(({ key }) => key in config);
    },
  });
}

/** What to say of the further servers' own keys that is no problem, as {@link memberKeyWarnings}. */
export function serverConfigWarnings(servers: ServersConfig, version: string): string[] {
  return memberKeyWarnings("servers", servers, version, "server");
}

/** What is wrong with further servers beside what the first one is told. */
export function embeddedEtcdProblems(
  servers: ServersConfig,
  { config, backup }: Pick<K3sConfig, "config" | "backup">,
): readonly MemberProblem[] {
  if (Object.keys(servers).length === 0) return [];
  const reasons: Readonly<Record<string, string>> = {
    "datastore-endpoint": "further servers join the first one's embedded etcd, and with this there is none",
    "disable-etcd": "further servers join the first one's embedded etcd",
    server: "the first server starts the cluster that the others join",
  };
  const ofKeys = Object.keys(config).flatMap((key) => {
    const reason = reasons[flagNameOf(key)];
    return reason === undefined ? [] : [{ path: `k3s.config.${key}`, reason }];
  });
  const noSqlite =
    "is for SQLite: with further servers k3s has an etcd, and snapshots of its own (etcd-snapshot-schedule-cron and etcd-snapshot-retention in k3s.config)";
  return backup === undefined ? ofKeys : [...ofKeys, { path: "k3s.backup", reason: noSqlite }];
}

/** What a number of servers means for the cluster, where people expect something else of it. */
export function serverCountWarnings(servers: ServersConfig): string[] {
  const count = Object.keys(servers).length + 1;
  if (count % 2 === 1) return [];
  const without = count - 1;
  const quorum = count / 2 + 1;
  return [
    `servers: etcd needs ${quorum} of ${count} servers to work, so that ${count} bear the loss of ${count - quorum}, no more than ${without} would, ` +
      "and one more can fail: an odd number is better",
  ];
}
