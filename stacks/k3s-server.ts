import * as pulumi from "@pulumi/pulumi";
import { connectionFor } from "../components/board/connection";
import { boardProblems } from "../components/board/facts";
import { Prerequisites } from "../components/board/prerequisites/prerequisites";
import { delivery as deliveryFor, type ManifestImage, type SystemName } from "../components/images/delivery/delivery";
import { readyArchives } from "../components/images/delivery/ready-archives";
import { linux } from "../components/images/image";
import { parsePulledImage } from "../components/images/reference";
import { RegistryImages } from "../components/images/registry-images";
import { showPlan } from "../components/images/show-plan";
import type { SystemImageKey } from "../components/images/system-image-keys";
import type { SystemImage } from "../components/images/system-images";
import { componentOf } from "../components/images/system-table";
import { k3sBinary } from "../components/k3s/binary";
import { disabledComponents, k3sConfigWarnings } from "../components/k3s/config";
import { clusterSetting, dataDirectory, k3sPaths } from "../components/k3s/configuration/files";
import { K3sServer } from "../components/k3s/server";
import { corednsManifest } from "../components/manifests/coredns";
import { imagesInManifests } from "../components/manifests/images";
import {
  manifestChecksums,
  manifestObjects,
  Manifests,
  manifestText,
  type ManifestText,
  readManifests,
} from "../components/manifests/manifests";
import { manifestProblems } from "../components/manifests/validate";
import { engineProgress } from "../components/progress";
import { Registry, registryEndpoint } from "../components/registry/registry";
import * as board from "../provider";
import { ConfigError, type StackConfig } from "./config";
import { stackImages } from "./images";

/** What a k3s server stack tells. */
export interface K3sServerOutputs {
  /** The administrator's kubeconfig, with an address that works from outside. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** What the board said of itself. */
  readonly board: { readonly hostname: string; readonly arch: string; readonly kernel: string; readonly os: string };
  /** What the board gets under each image's full name: its digest. */
  readonly images: Readonly<Record<string, string>>;
}

/** Deployments that k3s itself brings, and whose image is in each, by the component that can be disabled. */
const bundledDeployments: Readonly<Record<string, { readonly deployment: string; readonly image: SystemImageKey }>> = {
  coredns: { deployment: "kube-system/coredns", image: "coredns" },
  "local-storage": { deployment: "kube-system/local-path-provisioner", image: "local-path-provisioner" },
  "metrics-server": { deployment: "kube-system/metrics-server", image: "metrics-server" },
  traefik: { deployment: "kube-system/traefik", image: "traefik" },
};

/** The images that k3s asks for by itself, by component. */
function systemNames(system: readonly SystemImage[]): SystemName[] {
  return system.map(({ key, name }) => ({ name, component: componentOf(key) ?? key }));
}

function customCoredns(config: StackConfig, facts: board.Facts, image: ManifestImage | undefined): ManifestText[] {
  if (config.k3s.coredns !== "custom" || image === undefined) return [];
  const nodeName = config.k3s.config["node-name"];
  const content = corednsManifest({
    ...image,
    clusterDns: clusterSetting(config.k3s, "cluster-dns"),
    clusterDomain: clusterSetting(config.k3s, "cluster-domain"),
    nodes: [
      {
        name:
          typeof nodeName === "string"
            ? nodeName
            : (config.board.prerequisites?.hostname ?? facts.hostname.toLowerCase()),
        address: facts.address,
      },
    ],
  });
  return [manifestText("coredns", content)];
}

/**
 * One board as a k3s server: registry, images, k3s, manifests and the gate at the end.
 *
 * Everything that can be wrong without the board (configuration, local files, builds) and everything that the board says of itself is
 * checked before the first resource is registered: a stack that cannot work touches nothing.
 *
 * @throws Error with every reason why this board cannot take this configuration.
 */
export async function k3sServerStack(config: StackConfig): Promise<K3sServerOutputs> {
  const wrong = manifestProblems(config.manifests);
  if (wrong.length > 0) throw new ConfigError(wrong);
  const manifests = readManifests(config.manifests);
  for (const warning of k3sConfigWarnings(config.k3s)) void pulumi.log.warn(warning);
  const connectionArgs = connectionFor(config.board);
  const facts = await board.getFacts({ connection: connectionArgs });
  const problems = boardProblems(config.board, facts);
  if (problems.length > 0)
    throw new Error(`${config.board.host} is not a board for this stack:\n  ${problems.join("\n  ")}`);

  const { arch } = config.board;
  const binary = await k3sBinary(config.k3s.source, arch, engineProgress());
  const { system, images } = await stackImages(config, {
    binary,
    pageSize: facts.pageSize,
    progress: engineProgress(),
    workloads: manifests.flatMap(({ content }) =>
      imagesInManifests(content).map(({ image, where }) => ({ name: parsePulledImage(image).name, where })),
    ),
  });
  showPlan(images);
  const nameOf = (key: SystemImageKey) => system.find((image) => image.key === key)?.name;
  // asked before the registry is registered: a way that cannot work must touch nothing
  const endpoint = config.registry === undefined ? {} : { registry: registryEndpoint(config.registry) };
  const pause = nameOf("pause") ?? "";
  const delivery = deliveryFor(config.delivery, { images, system: systemNames(system), pause, ...endpoint });
  const archives = await readyArchives(delivery, linux(arch), engineProgress());

  const reached = pulumi.secret(connectionArgs);
  const wishes = config.board.prerequisites;
  const prerequisites =
    wishes === undefined ? undefined : new Prerequisites("board", { connection: reached, config: wishes });
  // whatever takes the connection from the prerequisites waits for them, and for the reboot
  const connection = prerequisites?.connection ?? reached;
  const registry =
    config.registry === undefined
      ? undefined
      : await Registry.create("registry", { connection, arch, config: config.registry });
  const pushed =
    registry === undefined || delivery.pushed.length === 0
      ? []
      : [
          new RegistryImages("image", {
            connection,
            registry: registry.push,
            images: delivery.pushed,
            after: [registry],
          }),
        ];
  const coredns = nameOf("coredns");
  const corednsImage = coredns === undefined ? undefined : delivery.manifestImage(coredns);
  const deployed = [...manifests, ...customCoredns(config, facts, corednsImage)];
  const objects = manifestObjects({ connection, manifests: deployed, kubeconfig: k3sPaths.kubeconfig });
  const kubeconfigServer = config.k3s.kubeconfigServer ?? `https://${config.board.host}:6443`;
  const server = new K3sServer("k3s", {
    connection,
    config: config.k3s,
    binary,
    kubeconfigServer,
    delivery,
    archives,
    ...(registry === undefined ? {} : { registry }),
    checks: [...objects.values()],
    after: [...(registry === undefined ? [] : [registry]), ...pushed],
  });
  const manifestFiles = new Manifests("manifest", {
    connection,
    manifests: deployed,
    dataDir: dataDirectory(config.k3s),
    objects,
    after: [server],
  });
  const disabled: readonly string[] = disabledComponents(config.k3s);
  const bundled = Object.entries(bundledDeployments).flatMap(([component, { deployment, image }]) =>
    disabled.includes(component) ? [] : [{ deployment, image: nameOf(image) }],
  );
  const hasDns = !disabled.includes("coredns") || config.k3s.coredns === "custom";
  const domain = clusterSetting(config.k3s, "cluster-domain");
  const ready = new board.ClusterReadiness(
    "ready",
    {
      connection,
      kubeconfig: k3sPaths.kubeconfig,
      deployments: [
        ...bundled.map(({ deployment }) => deployment),
        ...deployed.flatMap(({ deployments }) => deployments),
      ],
      images: Object.fromEntries(
        bundled.flatMap(({ deployment, image }) =>
          image === undefined ? [] : [[deployment, delivery.manifestImage(image).image]],
        ),
      ),
      manifests: manifestChecksums(deployed),
      ...(hasDns
        ? { dns: { server: clusterSetting(config.k3s, "cluster-dns"), name: `kubernetes.default.svc.${domain}` } }
        : {}),
      timeoutSeconds: config.k3s.readyTimeoutSeconds,
      triggers: {
        ...Object.fromEntries(images.map(({ name, digest }) => [name, digest])),
        ...(prerequisites?.rebooted === undefined ? {} : { reboot: prerequisites.rebooted }),
      },
    },
    { dependsOn: [manifestFiles, server, ...pushed] },
  );
  const kubeconfig = new board.Kubeconfig(
    "kubeconfig",
    { connection, path: k3sPaths.kubeconfig, server: kubeconfigServer },
    { dependsOn: [ready] },
  );
  return {
    kubeconfig: kubeconfig.kubeconfig,
    board: { hostname: facts.hostname, arch, kernel: facts.kernel, os: facts.os },
    images: Object.fromEntries(images.map(({ name, digest }) => [name, digest])),
  };
}
