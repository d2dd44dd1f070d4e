import { z } from "zod";
import { knownMinors, minorOf, type Role } from "./configuration/flags";
import { flagNameOf, type KeyProblem, keyProblems, keyWarnings } from "./configuration/keys";

const qualifiedName = String.raw`([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?`;
const labelValue = String.raw`([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?`;

const labels = z.record(
  z.string().regex(new RegExp(`^${qualifiedName}$`), "expected the key of a label, such as example.org/disk"),
  z
    .string()
    .regex(new RegExp(`^${labelValue}$`), "expected the value of a label: letters, digits, dashes, dots, underscores"),
);

const taint = z
  .string()
  .regex(
    new RegExp(`^${qualifiedName}(=${labelValue})?:(NoSchedule|PreferNoSchedule|NoExecute)$`),
    "expected key=value:effect or key:effect, where the effect is NoSchedule, PreferNoSchedule or NoExecute",
  );

/** Seconds for the pods of a node to leave it. */
export const drainTimeoutSeconds = z.number().int().positive().default(300);

/** What the configuration says of the node of a board that joins a cluster, whatever it is there. */
export const memberShape = {
  labels: labels
    .default({})
    .describe("Labels of the node. They are set through the API, at any time; labels of others stay."),
  taints: z
    .array(taint)
    .default([])
    .describe(
      "Taints of the node, each `key=value:effect` or `key:effect`. They are set through the API once the node has registered; taints of " +
        "others stay.",
    ),
  drainTimeoutSeconds: drainTimeoutSeconds.describe(
    "Seconds for the pods to leave when the node is taken out of the configuration, and before its k3s restarts where `k3s.drain` is set. " +
      "PodDisruptionBudgets are heeded for so long; then the node goes, or k3s restarts, with what is left on it.",
  ),
};

/** The name of a node that joins. */
export const memberName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "expected lower-case letters, digits and dashes: it becomes the node's name",
  );

/** Flags that this program sets itself on every node that joins, with what is to be done instead. */
export const memberOwnedFlags: Readonly<Record<string, string>> = {
  server: "is set by this program: use k3s.agentServer",
  token: "is set by this program, from what the server has",
  "token-file": "is set by this program, from what the server has",
  "cluster-secret": "is set by this program, from what the server has",
  "node-name": "is set by this program: the name in the configuration is the node's",
  "with-node-id": "would make another name of the node's than that in the configuration",
  "node-label": "applies to the first registration only: use labels",
  "node-taint": "applies to the first registration only: use taints",
  "pause-image": "is set by this program: use k3s.pauseImage",
  "private-registry": "is set by this program: use registry",
  "system-default-registry": "is set by this program: use delivery",
  config: "has no effect in a configuration file: k3s looks for it on its command line and in its environment",
};

/** One thing wrong with the k3s configuration of a node that joins. */
export interface MemberProblem {
  /** Config path. */
  readonly path: string;
  readonly reason: string;
}

/** How the keys of a kind of nodes are checked. */
export interface MemberKeys {
  readonly role: Role;
  /** Flags that are not for this place, with what is to be done instead. */
  readonly owned: Readonly<Record<string, string>>;
  /** What is wrong with keys that are good by themselves. */
  readonly rules: (config: Readonly<Record<string, unknown>>, version: string, minor: number) => readonly KeyProblem[];
}

const settings = z.record(z.string(), z.unknown());
const lenient = z
  .record(
    z.string(),
    z
      .object({ config: settings.catch({}), version: z.string().optional().catch(undefined) })
      .catch({ config: {}, version: undefined }),
  )
  .catch({});

/**
 * What is wrong with the keys of each node's `config`, whatever else is wrong with the section: all problems are told at once.
 *
 * @param section - name of the section: `agents`.
 * @param members - the section as it was given.
 * @param version - of the cluster's k3s, as it was given; a node may have one of its own.
 */
export function memberKeyProblems(
  section: string,
  members: unknown,
  version: unknown,
  { role, owned, rules }: MemberKeys,
): MemberProblem[] {
  return Object.entries(lenient.parse(members ?? {})).flatMap(([name, { config, version: own }]) => {
    const known = own ?? (typeof version === "string" ? version : "");
    const minor = minorOf(known) ?? knownMinors.newest;
    const ours = Object.keys(config).flatMap((key) => {
      const reason = owned[flagNameOf(key)];
      return reason === undefined ? [] : [{ key, reason }];
    });
    const others = Object.entries(config).filter(([key]) => !(flagNameOf(key) in owned));
    const theirs = keyProblems(Object.fromEntries(others), { minor, role });
    // what is wrong by itself says nothing about how it goes with the rest
    const bad = new Set(theirs.map(({ key }) => key));
    const good = Object.fromEntries(others.filter(([key]) => !bad.has(key)));
    return [...ours, ...theirs, ...rules(good, known, minor)].map(({ key, reason }) => ({
      path: `${section}.${name}.config.${key}`,
      reason,
    }));
  });
}

/**
 * What k3s of this version takes of a kind of nodes and wants to be written in another way, or what only it can judge, a sentence with its path for
 * each.
 *
 * @param section - name of the section: `agents`.
 * @param version - of the cluster's k3s; a node may have one of its own.
 */
export function memberKeyWarnings(
  section: string,
  members: Readonly<
    Record<string, { readonly config: Readonly<Record<string, unknown>>; readonly version?: string | undefined }>
  >,
  version: string,
  role: Role,
): string[] {
  return Object.entries(members).flatMap(([name, { config, version: own }]) =>
    keyWarnings(config, { minor: minorOf(own ?? version) ?? knownMinors.newest, role }).map(
      ({ key, reason }) => `${section}.${name}.config.${key}: ${reason}`,
    ),
  );
}
