import { randomInt } from "node:crypto";
import { CoreV1Api, type V1Secret } from "@kubernetes/client-node";
import type { KubernetesClient } from "../kubernetes/client";
import { refusal, unlessAbsent } from "../kubernetes/refusal";

/** A bootstrap token, by which a kubelet asks for its first certificate. The secret part is one. */
export interface BootstrapToken {
  /** Six letters or digits; part of the name of its object in the cluster. */
  readonly id: string;
  readonly secret: string;
}

/** Who has this group may ask for a node's certificate and gets it: kubeadm's phase `bootstrap-token` has made that so. */
const group = "system:bootstrappers:kubeadm:default-node-token";

const namespace = "kube-system";

const characters = "abcdefghijklmnopqrstuvwxyz0123456789";

function randomText(length: number): string {
  return Array.from({ length }, () => characters.charAt(randomInt(characters.length))).join("");
}

/** A token that nobody has had before. */
export function newToken(): BootstrapToken {
  return { id: randomText(6), secret: randomText(16) };
}

/** A token as kubelet sends it. */
export function tokenText({ id, secret }: BootstrapToken): string {
  return `${id}.${secret}`;
}

/** The token of a text; `undefined` for what is none. */
export function parseToken(text: string): BootstrapToken | undefined {
  const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * The object that makes a token good, for joining only: it vouches for no cluster-info, because a node gets the cluster's CA from here.
 *
 * @param node - who joins with it.
 * @param until - the cluster takes the object away then.
 */
export function tokenSecret(token: BootstrapToken, node: string, until: Date): V1Secret {
  return {
    metadata: { name: secretName(token.id), namespace },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": token.id,
      "token-secret": token.secret,
      // the API server reads RFC 3339 in seconds
      expiration: `${until.toISOString().slice(0, 19)}Z`,
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": group,
      description: `k3s-board: ${node} joins`,
    },
  };
}

function secretName(id: string): string {
  return `bootstrap-token-${id}`;
}

/** Makes a token good until then by the control plane's clock, also one that is there or has expired. */
export async function registerToken(
  client: KubernetesClient,
  token: BootstrapToken,
  { node, until }: { readonly node: string; readonly until: Date },
): Promise<void> {
  const core = client.api(CoreV1Api);
  const body = tokenSecret(token, node, until);
  try {
    await core.createNamespacedSecret({ namespace, body });
  } catch (error) {
    if (refusal(error).code !== 409) throw error;
    await core.replaceNamespacedSecret({ name: secretName(token.id), namespace, body });
  }
}

/** Takes a token away. Succeeds where it is gone already. */
export async function removeToken(client: KubernetesClient, { id }: Pick<BootstrapToken, "id">): Promise<void> {
  await unlessAbsent(client.api(CoreV1Api).deleteNamespacedSecret({ name: secretName(id), namespace }));
}
