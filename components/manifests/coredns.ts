import { dump } from "js-yaml";
import { bundledSpelling } from "../images/reference";

/** Arguments of {@link corednsManifest}. */
export interface CorednsArgs {
  /** Image, by the full name that the board pulls. */
  readonly image: string;
  /** `Never` for an image that is only a name in containerd. Defaults to `IfNotPresent`. */
  readonly imagePullPolicy?: "IfNotPresent" | "Never";
  /** Address of the cluster's DNS service. k3s's default is 10.43.0.10. */
  readonly clusterDns: string;
  /** Domain of the cluster. k3s's default is cluster.local. */
  readonly clusterDomain: string;
  /** Nodes of the cluster, for the `NodeHosts` that k3s does not write once its own CoreDNS is disabled (k3s#1328). */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
}

const labels = { "k8s-app": "kube-dns" };
const metadata = (name: string) => ({ name, namespace: "kube-system" });

function corefile(domain: string): string {
  return `.:53 {
    errors
    health
    ready
    kubernetes ${domain} in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    forward . /etc/resolv.conf
}
`;
}

function deployment({ image, imagePullPolicy = "IfNotPresent" }: CorednsArgs): object {
  const probe = (path: string, port: number) => ({ httpGet: { path, port, scheme: "HTTP" } });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata("coredns"), labels: { ...labels, "kubernetes.io/name": "CoreDNS" } },
    spec: {
      revisionHistoryLimit: 0,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          priorityClassName: "system-cluster-critical",
          serviceAccountName: "coredns",
          dnsPolicy: "Default",
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [
            { key: "CriticalAddonsOnly", operator: "Exists" },
            { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
          ],
          containers: [
            {
              name: "coredns",
              image: bundledSpelling(image),
              imagePullPolicy,
              // named, because an image without an entrypoint would run its first argument (field report 000)
              command: ["/coredns"],
              args: ["-conf", "/etc/coredns/Corefile"],
              resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
              ports: [
                { containerPort: 53, name: "dns", protocol: "UDP" },
                { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
                { containerPort: 9153, name: "metrics", protocol: "TCP" },
              ],
              volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
                readOnlyRootFilesystem: true,
              },
              livenessProbe: {
                ...probe("/health", 8080),
                initialDelaySeconds: 60,
                periodSeconds: 10,
                timeoutSeconds: 5,
                failureThreshold: 3,
              },
              readinessProbe: { ...probe("/ready", 8181), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
            },
          ],
          volumes: [
            {
              name: "config-volume",
              configMap: {
                name: "coredns",
                items: [
                  { key: "Corefile", path: "Corefile" },
                  { key: "NodeHosts", path: "NodeHosts" },
                ],
              },
            },
          ],
        },
      },
    },
  };
}

/**
 * CoreDNS as k3s deploys it, for a cluster that runs with `--disable=coredns`. It brings what k3s's own brings besides the deployment:
 * the `NodeHosts` key, the service at the cluster DNS address, and the cluster's domain.
 */
export function corednsManifest(args: CorednsArgs): string {
  const { clusterDns, clusterDomain, nodes } = args;
  const read = (resources: string[], apiGroup = "") => ({ apiGroups: [apiGroup], resources, verbs: ["list", "watch"] });
  const objects = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata("coredns") },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "system:coredns", labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } },
      rules: [read(["endpoints", "services", "pods", "namespaces"]), read(["endpointslices"], "discovery.k8s.io")],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "system:coredns" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
      subjects: [{ kind: "ServiceAccount", ...metadata("coredns") }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("coredns"),
      data: {
        Corefile: corefile(clusterDomain),
        NodeHosts: nodes.map(({ name, address }) => `${address} ${name}\n`).join(""),
      },
    },
    deployment(args),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        ...metadata("kube-dns"),
        labels: { ...labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      },
      spec: {
        selector: labels,
        clusterIP: clusterDns,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
          { name: "metrics", port: 9153, protocol: "TCP" },
        ],
      },
    },
  ];
  return objects.map((object) => dump(object, { lineWidth: -1, noRefs: true })).join("---\n");
}
