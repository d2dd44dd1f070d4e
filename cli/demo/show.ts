import { clusterSetting } from "../../components/k3s/configuration/files";
import { queryDns } from "../../provider/kubernetes/dns";
import type { Board } from "../../provider/ssh/board";
import type { StackConfig } from "../../stacks/config";
import { ExpectedError } from "../errors";
import { imagesOnBoard, imageTable, lookAtCluster, nodeTable, podTable } from "./cluster";

/** What the demo needs from the stack once it is up. */
export interface DemoStack {
  readonly config: StackConfig;
  readonly kubeconfig: string;
  /** Digest of each image that was built, by its name in the cluster. */
  readonly images: Readonly<Record<string, string>>;
}

/** Shows node, pods, images and a DNS answer. @throws ExpectedError where DNS does not answer. */
export async function show(stack: DemoStack, board: Board, say: (text: string) => void): Promise<void> {
  const [cluster, images] = await Promise.all([lookAtCluster(stack.kubeconfig), imagesOnBoard(board)]);
  say(`${nodeTable(cluster.nodes)}\n`);
  say(`${podTable(cluster.pods, images, new Set(Object.values(stack.images)))}\n`);
  say(`${imageTable(stack.images, images)}\n`);

  const server = clusterSetting(stack.config.k3s, "cluster-dns");
  const name = `kubernetes.default.svc.${clusterSetting(stack.config.k3s, "cluster-domain")}`;
  const answer = await queryDns(board, server, name);
  if (answer.addresses.length === 0)
    throw new ExpectedError(`${server} answered ${answer.rcode} for ${name}: no address`);
  say(`  ${name} is ${answer.addresses.join(", ")}, says ${server} (CoreDNS, asked through the cluster DNS address)`);
}
