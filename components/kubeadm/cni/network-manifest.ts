import type * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";

/** Name of the service that applies the network's objects. */
const serviceName = "k3s-board-network";

/** Where the network's objects lie on the control plane. */
export const networkManifestPath = "/etc/kubernetes/k3s-board-network.yaml";

/**
 * A service that applies the objects of the pods' network, at its start and so at each boot of the control plane. The network has to be there before
 * anything else can be deployed into the cluster. kubectl would leave its cache in the root directory: a service has no home.
 */
export function networkManifestUnit(kubectl: string, kubeconfig: string): string {
  return `[Unit]
Description=Objects of the network of pods
After=kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
RuntimeDirectory=${serviceName}
ExecStart=${kubectl} --kubeconfig=${kubeconfig} --cache-dir=/run/${serviceName} apply --server-side --force-conflicts -f ${networkManifestPath}
Restart=on-failure
RestartSec=10s

[Install]
WantedBy=multi-user.target
`;
}

/** Arguments of {@link networkManifest}. */
export interface NetworkManifestArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  /** YAML documents. */
  readonly manifest: string;
  /** Path of kubectl on the board. */
  readonly kubectl: string;
  /** Path of an administrator's kubeconfig on the board. */
  readonly kubeconfig: string;
  readonly startTimeoutSeconds: number;
  /** What must be there before: a cluster whose API server answers. */
  readonly after: readonly pulumi.Resource[];
}

/** The objects of the pods' network in the cluster, by {@link networkManifestUnit}. They go with the cluster. */
export function networkManifest(
  name: string,
  { connection, manifest, kubectl, kubeconfig, startTimeoutSeconds, after }: NetworkManifestArgs,
  parent: pulumi.ComponentResource,
): board.SystemdService {
  return new board.SystemdService(
    `${name}-manifest`,
    {
      connection,
      name: serviceName,
      unit: networkManifestUnit(kubectl, kubeconfig),
      files: [{ path: networkManifestPath, content: manifest, mode: "0600" }],
      timeoutSeconds: startTimeoutSeconds,
    },
    { parent, dependsOn: [...after] },
  );
}
