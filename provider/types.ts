import type { z } from "zod";
import { reboot } from "./board/reboot";
import { setting } from "./board/setting";
import { containerdImage } from "./containerd/containerd-image";
import { getFactsFunction } from "./facts/get-facts";
import { getProgramFunction } from "./facts/get-program";
import { file } from "./files/file";
import { getFileFunction } from "./files/get-file";
import { kubeadmCluster } from "./kubeadm/cluster";
import { kubeadmControlPlane } from "./kubeadm/control-plane";
import { kubeadmJoin } from "./kubeadm/join";
import { kubeadmJoined } from "./kubeadm/joined";
import { kubeadmData } from "./kubeadm/kubeadm-data";
import { clusterNode } from "./kubernetes/cluster-node";
import { clusterReadiness } from "./kubernetes/cluster-readiness";
import { datastoreBackup } from "./kubernetes/datastore-backup";
import { etcdMember } from "./kubernetes/etcd-member";
import { agentToken, serverToken } from "./kubernetes/join-token";
import { k3sData } from "./kubernetes/k3s-data";
import { kubeconfig } from "./kubernetes/kubeconfig";
import { manifest } from "./kubernetes/manifest";
import { manifestObjects } from "./kubernetes/manifest-objects";
import { nodeObject } from "./kubernetes/node-object";
import { tokenRotation } from "./kubernetes/token-rotation";
import { distributionPackage } from "./packages/package";
import { registryImage } from "./registry/registry-image";
import type { Context, ResourceType } from "./resource";
import type { Properties } from "./secrets";
import { systemdService } from "./systemd/service";

/** A function of package `board`: reads, changes nothing. */
export interface FunctionType<Args extends object, Result extends object> {
  readonly token: string;
  readonly args: z.ZodType<Args>;
  call(context: Context, args: Args): Promise<Result>;
}

/** Forgets the types of a resource's own inputs and state: `provider.ts` hands each type only what that type's schema has parsed. */
function entry<Inputs extends object, State extends Inputs>(
  type: ResourceType<Inputs, State>,
): [string, ResourceType<Properties, Properties>] {
  return [type.token, type as unknown as ResourceType<Properties, Properties>];
}

/** All resource types of package `board`, by token. A new type is added here. */
export const resourceTypes: ReadonlyMap<string, ResourceType<Properties, Properties>> = new Map([
  entry(setting),
  entry(reboot),
  entry(file),
  entry(distributionPackage),
  entry(systemdService),
  entry(registryImage),
  entry(containerdImage),
  entry(k3sData),
  entry(manifestObjects),
  entry(manifest),
  entry(clusterReadiness),
  entry(kubeconfig),
  entry(agentToken),
  entry(serverToken),
  entry(tokenRotation),
  entry(etcdMember),
  entry(nodeObject),
  entry(clusterNode),
  entry(datastoreBackup),
  entry(kubeadmData),
  entry(kubeadmControlPlane),
  entry(kubeadmCluster),
  entry(kubeadmJoin),
  entry(kubeadmJoined),
]);

/** All functions of package `board`. */
export const functions: readonly FunctionType<Properties, object>[] = [
  getFactsFunction,
  getProgramFunction,
  getFileFunction,
];

/** What deleting a resource of this type does on the board, as notes; `state` may lack its secrets. For previews: the engine does not ask there. */
export function removalNotes(token: string, state: Properties): readonly string[] {
  return resourceTypes.get(token)?.removal?.(state) ?? [];
}
