import { z } from "zod";
import { onDestroyDepths } from "../../provider/kubernetes/on-destroy";
import { imageName } from "../images/config";
import { readyTimeoutSeconds, startTimeout } from "../timeouts";
import { stackConfiguration } from "./configuration/files";
import { knownMinors, minorOf } from "./configuration/flags";
import { flagNameOf, type KeyProblem, keyProblems, keyWarnings } from "./configuration/keys";
import { serverProblems } from "./configuration/rules";
import { drainTimeoutSeconds } from "./member-config";

/** Components that `--disable` of k3s takes. */
export const bundledComponents = [
  "coredns",
  "servicelb",
  "traefik",
  "local-storage",
  "metrics-server",
  "runtimes",
] as const;

/** Those with one file of their own in k3s's auto-deploy directory. metrics-server has a directory there, and servicelb nothing. */
export const skippableComponents = ["coredns", "traefik", "local-storage", "runtimes"] as const;

/** One of {@link bundledComponents}. */
export type BundledComponent = (typeof bundledComponents)[number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

/** Where the k3s binary comes from. */
export const k3sSource = z.union([
  z.strictObject({ path: z.string().min(1).describe("A k3s binary on this machine; `~` is expanded.") }),
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe("Where the binary is downloaded from, once; it is kept by its checksum."),
    mirrors: z
      .array(z.url({ protocol: /^https?$/ }))
      .default([])
      .describe(
        "Other addresses of the same binary, tried in this order where `url` does not have it or does not answer.",
      ),
    sha256: sha256.describe("Checksum of the binary. What does not match is refused."),
  }),
  z.strictObject({
    package: z
      .string()
      .min(1)
      .describe("Name of the distribution's package (`dnf install`, `apt-get install`), such as `k3s`."),
    version: z
      .string()
      .optional()
      .describe(
        "Version to pin the package to, as the package manager writes it; of the same Kubernetes as k3s's own `version`. Defaults to what the " +
          "distribution has.",
      ),
    binary: z.string().default("/usr/bin/k3s").describe("Where the package puts the binary."),
  }),
  z.strictObject({
    installed: z
      .string()
      .startsWith("/", "expected an absolute path")
      .describe(
        "Path of a k3s that is on the board, with its unit: what k3s's own `install.sh` has put there (`/usr/local/bin/k3s`), with " +
          "`INSTALL_K3S_SKIP_DOWNLOAD=true` too. Binary, unit, `k3s.service.env`, links and uninstall script stay as they are.",
      ),
  }),
]);

/** Whether every board has, or gets, a k3s of its own architecture by it. */
export function isOnBoard(source: K3sConfig["source"]): boolean {
  return "package" in source || "installed" in source;
}

/** A version of k3s. */
export const k3sVersion = z.string().regex(/^v?\d+\.\d+\.\d+([+-].*)?$/, "expected a k3s version such as v1.36.3+k3s1");

/** Flags that this program sets itself, with what is to be done instead. */
const ownedFlags: Readonly<Record<string, string>> = {
  disable: "is set by this program: use k3s.disable",
  "no-deploy": "is set by this program: use k3s.disable",
  "pause-image": "is set by this program: use k3s.pauseImage",
  token: "is set by this program: use k3s.token",
  "cluster-secret": "is set by this program: use k3s.token",
  "write-kubeconfig":
    "would make a link of the file that this program asks the cluster by: take the stack output kubeconfig instead, `npm run kubeconfig` writes it",
  "with-node-id":
    "would make a name of the node's that nobody knows before, and under which it is waited for: use node-name",
  "private-registry": "is set by this program: use registry",
  "system-default-registry": "is set by this program: use delivery",
  config: "has no effect in a configuration file: k3s looks for it on its command line and in its environment",
};

const settings = z.record(z.string(), z.unknown());

/** What is wrong with the keys of `config`, whatever else is wrong with the section: all problems are told at once. */
function configProblems(section: unknown): KeyProblem[] {
  const { version, config } = z
    .object({ version: z.string().catch(""), config: settings.catch({}) })
    .catch({ version: "", config: {} })
    .parse(section);
  const ours = Object.entries(config).flatMap(([key]) => {
    const reason = ownedFlags[flagNameOf(key)];
    return reason === undefined ? [] : [{ key, reason }];
  });
  const others = Object.entries(config).filter(([key]) => !(flagNameOf(key) in ownedFlags));
  const minor = minorOf(version) ?? knownMinors.newest;
  const theirs = keyProblems(Object.fromEntries(others), { minor, role: "server" });
  // what is wrong by itself says nothing about how it goes with the rest
  const bad = new Set(theirs.map(({ key }) => key));
  const good = Object.fromEntries(others.filter(([key]) => !bad.has(key)));
  return [...ours, ...theirs, ...serverProblems(stackConfiguration({ version, config: good }), minor)];
}

const components = z.array(z.string()).catch([]);

/** What is skipped and disabled as well: k3s would delete what it is told to leave. */
function skipProblems(section: unknown): { readonly index: number; readonly reason: string }[] {
  const { skip, disable, coredns } = z
    .object({ skip: components, disable: components, coredns: z.string().catch("") })
    .catch({ skip: [], disable: [], coredns: "" })
    .parse(section);
  return skip.flatMap((component, index) => {
    if (disable.includes(component)) return [{ index, reason: `${component} is in k3s.disable too, which deletes it` }];
    if (component === "coredns" && coredns === "custom")
      return [{ index, reason: "k3s.coredns is custom, which disables and deletes k3s's own" }];
    return [];
  });
}

/** Why there is nothing of SQLite's to copy. */
function backupProblem(section: unknown): string | undefined {
  const { backup, config } = z
    .object({ backup: z.unknown(), config: settings.catch({}) })
    .catch({ backup: undefined, config: {} })
    .parse(section);
  if (backup === undefined) return undefined;
  if (config["datastore-endpoint"] !== undefined)
    return "is for k3s's own SQLite datastore: the one of datastore-endpoint is backed up where it is";
  const etcd = ["cluster-init", "server"].find((key) => config[key] !== undefined && config[key] !== false);
  return etcd === undefined
    ? undefined
    : `is for SQLite: with ${etcd} k3s has an etcd, and snapshots of its own (etcd-snapshot-schedule-cron and etcd-snapshot-retention in k3s.config)`;
}

/** The `k3s` section. */
export const k3sConfig = z
  .strictObject({
    version: k3sVersion.describe("The k3s version that `source` is. Decides which system images are expected."),
    source: k3sSource.describe(
      "Where the binary comes from: `path`, `url` with `sha256`, the distribution's `package`, or what is `installed` on the board.",
    ),
    disable: z
      .array(z.enum(bundledComponents))
      .default([])
      .describe("Bundled components that k3s must not deploy (`--disable`)."),
    skip: z
      .array(z.enum(skippableComponents))
      .default([])
      .describe(
        "Bundled components that k3s must leave as they are: a `<name>.yaml.skip` in its auto-deploy directory. It applies them no more and, " +
          "unlike `disable`, deletes nothing that is deployed. A component that leaves the list comes back with the next start of k3s.",
      ),
    coredns: z
      .enum(["bundled", "custom"])
      .default("bundled")
      .describe(
        "`bundled`: k3s's own CoreDNS manifest with our image behind the mirror. `custom`: `--disable=coredns` and a manifest of ours " +
          "that brings NodeHosts, cluster DNS address and domain.",
      ),
    pauseImage: imageName
      .optional()
      .describe("Image of the pod sandbox (`--pause-image`). Defaults to the one of the k3s version."),
    config: settings.default({}).describe("Further keys of k3s's config file, checked against the flags of `version`."),
    token: z
      .string()
      .min(1)
      .refine((token) => !/^(K10[0-9a-f]{64}::)?[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token), {
        error: "has the form of a bootstrap token, which k3s takes from agents and refuses as the token of a server",
      })
      .optional()
      .describe("Server token (a config secret). Defaults to one that k3s makes itself."),
    allowTokenRotation: z
      .boolean()
      .default(false)
      .describe(
        "Consent to another `token` on a server that is there: `k3s token rotate`, then the servers and agents restart with the new one. What was saved " +
          "of the datastore before needs the former token.",
      ),
    kubeconfigServer: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe("Address of the API server in the kubeconfig output. Defaults to https://<board.host>:6443."),
    agentServer: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe(
        "Address at which agents reach the server (their `--server`). Defaults to the server's own: `node-ip` of `config`, or the one that the " +
          "board uses towards its default route, at `supervisor-port`, or `https-listen-port` without one.",
      ),
    allowDowngrade: z
      .union([z.boolean(), z.enum(["restoreDatastore"])])
      .default(false)
      .describe(
        "Consent to go back to an older minor version, which Kubernetes does not support. `true`: with the datastore as it is; what the newer " +
          "version has stored may be lost or unreadable. `restoreDatastore`: with the copy that was made of it when the older version was left; what was written since is lost. No copy is made for a k3s that is a package.",
      ),
    backup: z
      .strictObject({
        schedule: z
          .string()
          .regex(/^[^\n%]+$/, "expected one line, as in systemd.time(7)")
          .default("daily")
          .describe("When a copy is made, as systemd writes it (`OnCalendar`): `daily`, `*-*-* 03:30`."),
        keep: z.number().int().min(1).max(1000).default(7).describe("How many copies stay; older ones go."),
        directory: z
          .string()
          .regex(/^(\/[\w.-]+)+$/, "expected an absolute path of letters, digits, dots, dashes and underscores")
          .optional()
          .describe(
            "Where the copies go, a disk of its own for example; boards that share one need a directory each. Defaults to `k3s-board-backup` " +
              "beside the datastore.",
          ),
      })
      .optional()
      .describe(
        "Scheduled copies of k3s's SQLite datastore, made on the board while k3s runs. `npm run restore` brings one back. An embedded etcd " +
          "has snapshots of its own: `etcd-snapshot-schedule-cron` in `config`.",
      ),
    drain: z
      .boolean()
      .default(false)
      .describe(
        "Cordon and drain a node before its k3s restarts, on servers and agents, and uncordon it afterwards, also after a roll-back. By default pods " +
          "stay where they are and go on running while k3s restarts. Where there is no other node, what is evicted is pending until k3s runs again.",
      ),
    drainTimeoutSeconds: drainTimeoutSeconds.describe(
      "Seconds for the pods of the first server to leave where `drain` is set. PodDisruptionBudgets are heeded for so long; then k3s restarts with " +
        "what is left on the node. The other nodes have their own.",
    ),
    onDestroy: z
      .enum(onDestroyDepths)
      .default("remove")
      .describe(
        "How much `destroy` takes away of k3s. `keepData`: its data stays, and a later `up` continues the same cluster. `remove`: all of k3s " +
          "that was not there before. `purge`: all of k3s's data, also from before, and what CNI plugins left. `npm run destroy` follows " +
          "what is written here now, `--keep-data` and `--purge` go before it.",
      ),
    startTimeoutSeconds: startTimeout
      .default(600)
      .describe("Seconds until a k3s that is not healthy after a restart is rolled back. A slow board needs minutes."),
    readyTimeoutSeconds,
  })
  .superRefine(
    (section, context) => {
      for (const { index, reason } of skipProblems(section))
        context.addIssue({ code: "custom", path: ["skip", index], message: reason });
      const noBackup = backupProblem(section);
      if (noBackup !== undefined) context.addIssue({ code: "custom", path: ["backup"], message: noBackup });
      for (const { key, reason } of configProblems(section)) {
        context.addIssue({ code: "custom", path: ["config", key], message: reason });
      }
    },
    { when: () => true },
  );

/** {@link k3sConfig} with defaults filled in. */
export type K3sConfig = z.output<typeof k3sConfig>;

/** What is disabled in all: the user's list, and CoreDNS where a manifest of ours takes its place. */
export function disabledComponents(config: Pick<K3sConfig, "disable" | "coredns">): BundledComponent[] {
  const disabled = new Set(config.disable);
  if (config.coredns === "custom") disabled.add("coredns");
  return [...disabled].sort();
}

/** What skipping does, a sentence for each component: people take it for `disable`. */
export function skipRemarks({ skip }: Pick<K3sConfig, "skip">): string[] {
  return skip.map(
    (component) =>
      `k3s.skip: k3s does not apply ${component}.yaml; what it has deployed of ${component} stays as it is (k3s.disable would delete it)`,
  );
}

/** What k3s of this version takes and wants to be written in another way, a sentence with its path for each. */
export function k3sConfigWarnings({ version, config }: Pick<K3sConfig, "version" | "config">): string[] {
  const check = { minor: minorOf(version) ?? knownMinors.newest, role: "server" } as const;
  return keyWarnings(config, check).map(({ key, reason }) => `k3s.config.${key}: ${reason}`);
}
