import * as pulumi from "@pulumi/pulumi";
import { Hooks } from "../components/hooks/hooks";
import { k3sConfigWarnings, skipRemarks } from "../components/k3s/config";
import { dataDirectory, k3sPaths } from "../components/k3s/configuration/files";
import { K3sServer } from "../components/k3s/server";
import { manifestObjects, Manifests } from "../components/manifests/manifests";
import { Workloads } from "../components/workloads/workloads";
import * as board from "../provider";
import { checkedBoards } from "./boards";
import type { StackConfig } from "./config";
import { readinessGate } from "./gate";
import { serverMember } from "./members";
import { filledRegistry, readyBoard } from "./ready-board";
import { prepareNode } from "./prepared";
import { proxiedBoard } from "./proxied";
import { checkedManifests, customCoredns, withDeliveredImages } from "./server-manifests";

/** What a k3s server stack tells. */
export interface K3sServerOutputs {
  /** The administrator's kubeconfig, with an address that works from outside. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** What the board said of itself. */
  readonly board: { readonly hostname: string; readonly arch: string; readonly kernel: string; readonly os: string };
  /** What the board gets under each image's full name: its digest. */
  readonly images: Readonly<Record<string, string>>;
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
  const { manifests, workloads } = checkedManifests(config);
  for (const warning of k3sConfigWarnings(config.k3s)) void pulumi.log.warn(warning);
  for (const remark of skipRemarks(config.k3s)) void pulumi.log.info(remark);
  const { board: checked } = await checkedBoards({ board: config.board });
  const { facts } = checked;
  const hooks = new Hooks(config.hooks, checked.connection);
  const node = await prepareNode(config, { pageSize: facts.pageSize, manifests: [...manifests, ...workloads] });

  const { connection: reached, rebooted, resources: ofBoard } = readyBoard("board", config.board, checked.connection);
  hooks.done(ofBoard);
  const { connection, k3sFiles } = proxiedBoard("board", config, facts, reached);
  const { registry, resources: inRegistry } = await filledRegistry(config, connection, node, hooks);
  const deployed = [
    ...withDeliveredImages(manifests, node),
    ...customCoredns(config, [serverMember(config, facts)], node),
  ];
  const objects = manifestObjects({ connection, manifests: deployed, kubeconfig: k3sPaths.kubeconfig });
  const kubeconfigServer = config.k3s.kubeconfigServer ?? `https://${config.board.host}:6443`;
  const server = new K3sServer("k3s", {
    connection,
    config: config.k3s,
    ...node,
    kubeconfigServer,
    files: k3sFiles,
    ...(registry === undefined ? {} : { registry }),
    checks: [...objects.values(), ...hooks.before("k3s")],
    after: inRegistry,
  });
  hooks.done([server]);
  const manifestFiles = new Manifests("manifest", {
    connection,
    manifests: deployed,
    dataDir: dataDirectory(config.k3s),
    objects,
    after: [server, ...hooks.before("manifests")],
  });
  hooks.done([manifestFiles]);
  const after = [manifestFiles, server, ...inRegistry, ...hooks.before("ready")];
  const ready = readinessGate(config, { connection, node, manifests: deployed, rebooted, after });
  const kubeconfig = new board.Kubeconfig(
    "kubeconfig",
    { connection, path: k3sPaths.kubeconfig, server: kubeconfigServer },
    { dependsOn: [ready] },
  );
  hooks.done([ready]);
  const deployWorkloads = {
    workloads: withDeliveredImages(workloads, node),
    kubeconfig: kubeconfig.kubeconfig,
    after: [ready, ...hooks.before("workloads")],
  };
  hooks.done(workloads.length === 0 ? [] : [new Workloads("workload", deployWorkloads)]);
  hooks.afterAll();
  return {
    kubeconfig: kubeconfig.kubeconfig,
    board: { hostname: facts.hostname, arch: config.board.arch, kernel: facts.kernel, os: facts.os },
    images: Object.fromEntries(node.images.map(({ name, digest }) => [name, digest])),
  };
}
