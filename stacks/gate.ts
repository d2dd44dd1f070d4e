import type * as pulumi from "@pulumi/pulumi";
import type { SystemImageKey } from "../components/images/system-image-keys";
import { disabledComponents } from "../components/k3s/config";
import { clusterSetting, k3sPaths } from "../components/k3s/configuration/files";
import { manifestChecksums, type ManifestText } from "../components/manifests/manifests";
import * as board from "../provider";
import type { StackConfig } from "./config";
import type { ClusterMember } from "./members";
import type { PreparedNode } from "./prepared";

/** Deployments that k3s itself brings, and whose image is in each, by the component that can be disabled. */
const bundledDeployments: Readonly<Record<string, { readonly deployment: string; readonly image: SystemImageKey }>> = {
  coredns: { deployment: "kube-system/coredns", image: "coredns" },
  "local-storage": { deployment: "kube-system/local-path-provisioner", image: "local-path-provisioner" },
  "metrics-server": { deployment: "kube-system/metrics-server", image: "metrics-server" },
  traefik: { deployment: "kube-system/traefik", image: "traefik" },
};

/** What {@link readinessGate} waits for. */
export interface GateArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly node: PreparedNode;
  readonly manifests: readonly ManifestText[];
  /** The nodes that join the first server. */
  readonly joining: readonly ClusterMember[];
  /** Changes with each reboot of ours. */
  readonly rebooted: pulumi.Output<string> | undefined;
  /** All that must be there before anything is waited for. */
  readonly after: readonly pulumi.Resource[];
}

/** The gate at the end of an `up`: nodes, system pods, what k3s and the manifests deploy, and the cluster's DNS. */
export function readinessGate(
  { k3s }: StackConfig,
  { connection, node, manifests, joining, rebooted, after }: GateArgs,
): board.ClusterReadiness {
  const { images, delivery, nameOf } = node;
  const disabled: readonly string[] = [...disabledComponents(k3s), ...k3s.skip];
  const bundled = Object.entries(bundledDeployments).flatMap(([component, { deployment, image }]) =>
    disabled.includes(component) ? [] : [{ deployment, image: nameOf(image) }],
  );
  const hasDns = !disabled.includes("coredns") || k3s.coredns === "custom";
  const domain = clusterSetting(k3s, "cluster-domain");
  return new board.ClusterReadiness(
    "ready",
    {
      connection,
      kubeconfig: k3sPaths.kubeconfig,
      deployments: [
        ...bundled.map(({ deployment }) => deployment),
        ...manifests.flatMap(({ deployments }) => deployments),
      ],
      images: Object.fromEntries(
        bundled.flatMap(({ deployment, image }) =>
          image === undefined ? [] : [[deployment, delivery.manifestImage(image).image]],
        ),
      ),
      manifests: manifestChecksums(manifests),
      ...(hasDns
        ? { dns: { server: clusterSetting(k3s, "cluster-dns"), name: `kubernetes.default.svc.${domain}` } }
        : {}),
      timeoutSeconds: k3s.readyTimeoutSeconds,
      triggers: {
        ...Object.fromEntries(images.map(({ name, digest }) => [name, digest])),
        ...(joining.length === 0 ? {} : { agents: joining.map(({ name }) => name).join(" ") }),
        ...(rebooted === undefined ? {} : { reboot: rebooted }),
      },
    },
    { dependsOn: [...after] },
  );
}
