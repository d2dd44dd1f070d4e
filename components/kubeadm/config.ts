import { z } from "zod";
import { nodeName } from "../board/prerequisites/config";
import { readyTimeoutSeconds, startTimeout } from "../timeouts";
import { cniConfig } from "./cni/config";
import { parseImageReference } from "../images/reference";
import { isCertificateName, isDnsName, isEndpoint } from "./names";
import { runtimeConfig } from "./runtime/config";
import { kubernetesSource } from "./source";
import { versionProblem } from "./versions";

const settings = z.record(z.string(), z.unknown());

const extraArgs = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/, "expected a flag without dashes in front"),
  z.string(),
);

const ipv4Subnet = z.string().regex(/^\d+\.\d+\.\d+\.\d+\/\d+$/, "expected an IPv4 network such as 10.244.0.0/16");

/** The `kubeadm` section: a cluster made by kubeadm, in place of k3s. */
export const kubeadmConfig = z
  .strictObject({
    version: z
      .string()
      .regex(/^v1\.\d+\.\d+$/, "expected a Kubernetes version such as v1.36.3")
      .describe("The Kubernetes version. Decides which images kubeadm asks for and the version of its configuration."),
    source: kubernetesSource.default({ kind: "module" }).describe("Where kubeadm, kubelet and kubectl come from."),
    runtime: runtimeConfig.prefault({ kind: "containerd" }).describe("What runs containers."),
    cni: cniConfig.prefault({ kind: "bridge" }).describe("How pods are networked."),
    podSubnet: ipv4Subnet
      .default("10.244.0.0/16")
      .describe("Network of the pods, of which each node gets a /24; /8 to /24."),
    serviceSubnet: ipv4Subnet.default("10.96.0.0/12").describe("Network of the services, /12 to /28."),
    dnsDomain: z
      .string()
      .refine(isDnsName, "expected a domain of lower-case letters, digits and dashes")
      .default("cluster.local")
      .describe("Domain of the cluster's DNS."),
    controlPlaneEndpoint: z
      .string()
      .refine(isEndpoint, "expected a host name in lower case or an IPv4 address, with a port where it is not 6443")
      .optional()
      .describe("Stable address of the API server, `host` or `host:port`. Defaults to the node's own."),
    certSANs: z
      .array(
        z.string().refine(isCertificateName, "expected an address or a name in lower case, which may begin with *."),
      )
      .default([])
      .describe("Further names and addresses for the API server's certificate. `board.host` is always among them."),
    encryptionAlgorithm: z
      .enum(["ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072", "RSA-4096"])
      .optional()
      .describe(
        "Kind of the keys that kubeadm makes, from Kubernetes 1.31 on, ECDSA-P384 from 1.34 on. Defaults to ECDSA-P256: a slow board makes them and signs with them faster than with RSA's, kubeadm's own choice. Keys that are there stay.",
      ),
    nodeName: nodeName.optional().describe("Name of the node. Defaults to the host's name."),
    nodeAddress: z
      .ipv4("expected an IPv4 address, as the networks are IPv4")
      .optional()
      .describe(
        "Address of the node in the cluster. Defaults to the one that the board uses towards its default route.",
      ),
    imageRepository: z
      .string()
      .superRefine((repository, context) => {
        try {
          parseImageReference(`${repository}/pause`);
        } catch (error) {
          context.addIssue({ code: "custom", message: (error as Error).message });
        }
      })
      .optional()
      .describe(
        "Where kubeadm takes the control plane's images from. Defaults to the private registry. Those of another repository are looked at here, and pulled by the board itself.",
      ),
    apiServerArgs: extraArgs.default({}).describe("Further flags of kube-apiserver, by name without dashes."),
    controllerManagerArgs: extraArgs.default({}).describe("Further flags of kube-controller-manager."),
    schedulerArgs: extraArgs.default({}).describe("Further flags of kube-scheduler."),
    etcdArgs: extraArgs.default({}).describe("Further flags of etcd."),
    kubelet: settings.default({}).describe("Further keys of kubelet's configuration (`KubeletConfiguration`)."),
    kubeProxy: settings.default({}).describe("Further keys of kube-proxy's configuration (`KubeProxyConfiguration`)."),
    untaint: z
      .boolean()
      .default(true)
      .describe("Whether the control plane's node runs ordinary pods too; a single node has to."),
    ignorePreflightErrors: z
      .array(
        z
          .string()
          .regex(/^[\w.-]+$/, "expected a check's name such as Mem")
          // kubeadm takes it by itself only, and here it always has kubelet's service to leave out
          .refine((check) => check.toLowerCase() !== "all", "name the checks: kubeadm does not take all beside others"),
      )
      .default([])
      .describe("Checks of kubeadm that may fail, by the names that it gives them, such as `Mem`."),
    kubeconfigServer: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe("Address of the API server in the kubeconfig output. Defaults to https://<board.host>:6443."),
    startTimeoutSeconds: startTimeout
      .default(900)
      .describe("Seconds for kubelet, and then for the control plane, to come up. A slow board needs minutes."),
    readyTimeoutSeconds,
  })
  .superRefine(
    (section, context) => {
      const reason = versionProblem((section as { version?: unknown }).version);
      if (reason !== undefined) context.addIssue({ code: "custom", path: ["version"], message: reason });
    },
    { when: () => true },
  );

/** {@link kubeadmConfig} with defaults filled in. */
export type KubeadmConfig = z.output<typeof kubeadmConfig>;
