import { X509Certificate } from "node:crypto";
import { KubeConfig } from "@kubernetes/client-node";
import { dump } from "js-yaml";
import { type BootstrapToken, parseToken, tokenText } from "./bootstrap-token";

/** Files of a node that joins, as kubeadm has them. */
export const joinPaths = {
  /** The cluster's CA. */
  ca: "/etc/kubernetes/pki/ca.crt",
  /** What kubelet joins with: it holds the token. */
  bootstrap: "/etc/kubernetes/bootstrap-kubelet.conf",
  /** kubelet writes it before it has a certificate: that it is there says nothing. */
  kubeconfig: "/etc/kubernetes/kubelet.conf",
  /** kubelet's certificate and key, a link to the newest. */
  certificate: "/var/lib/kubelet/pki/kubelet-client-current.pem",
} as const;

/** What a node joins. */
export interface JoinTarget {
  /** Address of the API server: `https://192.0.2.7:6443`. */
  readonly server: string;
  /** The cluster's CA, PEM. */
  readonly ca: string;
}

/** The kubeconfig with which kubelet asks for its first certificate. The token in it is a secret. */
export function bootstrapKubeconfig({ server, ca }: JoinTarget, token: BootstrapToken): string {
  const data = Buffer.from(ca).toString("base64");
  return dump(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "cluster", cluster: { server, "certificate-authority-data": data } }],
      users: [{ name: "bootstrap", user: { token: tokenText(token) } }],
      contexts: [{ name: "bootstrap", context: { cluster: "cluster", user: "bootstrap" } }],
      "current-context": "bootstrap",
    },
    { lineWidth: -1 },
  );
}

/** The token of a kubeconfig; `undefined` where there is none, and for half of a file. */
export function tokenIn(kubeconfig: string): BootstrapToken | undefined {
  return parseToken(loaded(kubeconfig)?.getCurrentUser()?.token ?? "");
}

/** The CA that a kubeconfig holds, PEM; `undefined` where it holds none. */
export function caIn(kubeconfig: string): string | undefined {
  const data = loaded(kubeconfig)?.getCurrentCluster()?.caData;
  return data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
}

/** The parser's own messages show the lines around, which hold keys and tokens: what cannot be read is none. */
function loaded(kubeconfig: string): KubeConfig | undefined {
  const config = new KubeConfig();
  try {
    config.loadFromString(kubeconfig);
  } catch {
    return undefined;
  }
  return config;
}

/** What a board has of a join; texts are empty for what is not there. */
export interface FoundJoin {
  readonly ca: string;
  readonly kubeconfig: string;
  /** PEM. */
  readonly certificate: string;
  /** Whether a whole key is beside the certificate. */
  readonly hasKey: boolean;
}

/**
 * What a kubelet lacks to be a node of a cluster by itself, a clause for people; empty where it lacks nothing. kubelet looks at less at its start, only
 * whether its kubeconfig can be read and its certificate has not ended: with another cluster's it would go on asking in vain.
 */
export function lackingOf(
  found: FoundJoin,
  { node, server, ca }: JoinTarget & { readonly node: string },
  now: Date,
): string {
  if (found.kubeconfig === "") return "kubelet has not asked for a certificate yet";
  const address = loaded(found.kubeconfig)?.getCurrentCluster()?.server;
  if (address === undefined) return `${joinPaths.kubeconfig} cannot be read`;
  if (address !== server) return `${joinPaths.kubeconfig} is for ${address}, the cluster is at ${server}`;
  if (found.ca.trim() !== ca.trim()) return `${joinPaths.ca} is not the cluster's`;
  if (found.certificate === "") return "kubelet has no certificate yet";
  const certificate = parsed(found.certificate);
  if (certificate === undefined || !found.hasKey) return "kubelet's certificate cannot be read";
  const name = /^CN=system:node:(.*)$/m.exec(certificate.subject)?.[1];
  if (name !== node) return `kubelet's certificate is that of node ${name ?? "(none)"}`;
  const end = new Date(certificate.validTo);
  if (end < now) return `kubelet's certificate has expired on ${end.toISOString().slice(0, 10)}`;
  return "";
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
