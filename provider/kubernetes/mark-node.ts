import type { V1Node } from "@kubernetes/client-node";
import type { NodeApi } from "./node-api";
import { marksPatch, type NodeMarks } from "./node-marks";

/** A node's taints are one list, which others write too, kubelet on a fresh node among them: a patch that came too late is made anew so often. */
const patchAttempts = 5;

/** Gives a node its marks, and takes those of before away that are not wanted. */
export async function markNode(
  api: Pick<NodeApi, "find" | "merge">,
  node: V1Node,
  before: NodeMarks,
  wanted: NodeMarks,
): Promise<void> {
  const name = node.metadata?.name ?? "";
  let current = node;
  for (let attempt = 1; ; attempt++) {
    const patch = marksPatch(current, before, wanted);
    if (patch === undefined) return;
    try {
      await api.merge(name, patch);
      return;
    } catch (error) {
      const isLate = error instanceof Error && "code" in error && error.code === 409;
      const found = isLate && attempt < patchAttempts ? await api.find(name) : undefined;
      if (found === undefined) throw error;
      current = found;
    }
  }
}
