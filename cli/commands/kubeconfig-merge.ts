import { X509Certificate } from "node:crypto";
import { dump, load, loadAll } from "js-yaml";
import { z } from "zod";
import type { Distribution } from "./distribution";

const named = z.looseObject({ name: z.string() });
const shape = z.looseObject({
  clusters: z.array(named).nullish(),
  users: z.array(named).nullish(),
  contexts: z.array(named.extend({ context: z.looseObject({ cluster: z.string().optional() }).nullish() })).nullish(),
  "current-context": z.string().nullish(),
});

type Kubeconfig = z.output<typeof shape>;

/** A kubeconfig that cannot be worked with: it is no kubeconfig, or an entry of that name is somebody else's. */
export class KubeconfigProblem extends Error {
  override readonly name = "KubeconfigProblem";
}

/** Cluster and user of a stack in a kubeconfig with others'. The context has the stack's own name, which people type. */
function entryName(stack: string): string {
  return `k3s-board-${stack}`;
}

function parse(text: string): Kubeconfig {
  let value: unknown;
  try {
    // an empty file is a kubeconfig with nothing in it
    [value] = loadAll(text);
  } catch (error) {
    throw new KubeconfigProblem(`not YAML: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
  }
  const parsed = shape.safeParse(value ?? {});
  if (!parsed.success) throw new KubeconfigProblem("not a kubeconfig");
  return parsed.data;
}

/** Everything that is not of this stack. @throws KubeconfigProblem where the context of that name is somebody else's. */
function others(config: Kubeconfig, stack: string): Kubeconfig {
  const entry = entryName(stack);
  const context = config.contexts?.find(({ name }) => name === stack);
  if (context !== undefined && context.context?.cluster !== entry)
    throw new KubeconfigProblem(`it has a context ${stack} already, of the cluster ${context.context?.cluster ?? "?"}`);
  return {
    ...config,
    clusters: (config.clusters ?? []).filter(({ name }) => name !== entry),
    users: (config.users ?? []).filter(({ name }) => name !== entry),
    contexts: (config.contexts ?? []).filter(({ name }) => name !== stack),
  };
}

function textOf(config: Kubeconfig): string {
  return dump({ apiVersion: "v1", kind: "Config", ...config }, { lineWidth: -1, noRefs: true });
}

/**
 * Puts a stack's kubeconfig into another one, as the context of the stack's name. What else is there stays, the current context too.
 *
 * @param existing - text of the other one; `undefined` where there is none.
 * @throws KubeconfigProblem
 */
export function mergeKubeconfig(existing: string | undefined, given: string, stack: string): string {
  const rest = others(parse(existing ?? ""), stack);
  const { clusters, users } = parse(given);
  const entry = entryName(stack);
  const [cluster, user] = [clusters?.[0], users?.[0]];
  if (cluster === undefined || user === undefined) throw new KubeconfigProblem("the stack's kubeconfig is empty");
  return textOf({
    ...rest,
    clusters: [...(rest.clusters ?? []), { ...cluster, name: entry }],
    users: [...(rest.users ?? []), { ...user, name: entry }],
    contexts: [...(rest.contexts ?? []), { name: stack, context: { cluster: entry, user: entry } }],
    "current-context": rest["current-context"] || stack,
  });
}

/**
 * Takes a stack out of a kubeconfig again; `undefined` where nothing of it is there.
 *
 * @throws KubeconfigProblem
 */
export function withoutStack(existing: string, stack: string): string | undefined {
  const config = parse(existing);
  if (!(config.contexts ?? []).some(({ name }) => name === stack)) return undefined;
  const rest = others(config, stack);
  const current = rest["current-context"] === stack ? "" : rest["current-context"];
  return textOf({ ...rest, "current-context": current });
}

const credentials = z.looseObject({
  users: z.array(z.looseObject({ user: z.looseObject({ "client-certificate-data": z.string() }) })).min(1),
});

/** When the client certificate of a kubeconfig expires; `undefined` where it has none. */
export function certificateExpiry(kubeconfig: string): Date | undefined {
  const data = credentials.safeParse(load(kubeconfig)).data?.users[0]?.user["client-certificate-data"];
  return data === undefined ? undefined : new Date(new X509Certificate(Buffer.from(data, "base64")).validTo);
}

/** Days before the end from which on it is told: every k3s renews a certificate when it starts; newer ones do it 120 days before. */
const renewalDays = 90;

/** What gives a cluster's administrator a certificate of a later date. */
export const renewals: Readonly<Record<Distribution, string>> = {
  k3s: "`npm run kubeconfig -- --rotate` has k3s make another",
  kubeadm:
    "`kubeadm certs renew all` on the first board renews it and the control plane's. Restart its static pods for these (take their files " +
    "out of /etc/kubernetes/manifests for 20 seconds), run up, then this again",
};

/** When the administrator's certificate expires, and what renews it where that is near. */
export function expiryText(expires: Date, now: Date, distribution: Distribution): string {
  const days = Math.floor((expires.getTime() - now.getTime()) / 86_400_000);
  const day = expires.toISOString().slice(0, 10);
  if (days >= renewalDays) return `its certificate expires on ${day}`;
  const when = days < 0 ? `has expired on ${day}` : `expires on ${day}, in ${days === 1 ? "one day" : `${days} days`}`;
  return `its certificate ${when}: ${renewals[distribution]}`;
}

/** The file that kubectl would change: the first of `KUBECONFIG` that exists, else its last; `~/.kube/config` without it. */
export function chooseKubeconfigFile(
  variable: string | undefined,
  home: string,
  exists: (path: string) => boolean,
): string {
  const files = (variable ?? "").split(":").filter((file) => file !== "");
  return files.find(exists) ?? files.at(-1) ?? `${home}/.kube/config`;
}
