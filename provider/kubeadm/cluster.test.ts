import type { V1Node } from "@kubernetes/client-node";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { PartialFailure } from "../resource";
import { sampleContext } from "../sample-context";
import { BoardError } from "../ssh/board-error";
import { connectionArgs } from "../ssh/connection-args";
import { kubeadmCluster } from "./cluster";

/** What an API server answers that refuses. */
const answer = (code: number) => Object.assign(new Error(`HTTP-Code: ${code}`), { code });

/** How often kubelet writes the node between a look at it and the patch. */
let conflicts = 0;
let configAnswer = 200;
const patches: object[] = [];
const core = {
  readNode: (): Promise<V1Node> => Promise.resolve({ metadata: { name: "one", resourceVersion: String(conflicts) } }),
  patchNode: ({ body }: { body: object }) => {
    if (conflicts-- > 0) return Promise.reject(answer(409));
    patches.push(body);
    return Promise.resolve();
  },
  readNamespacedConfigMap: () =>
    configAnswer === 200
      ? Promise.resolve({ data: { ClusterConfiguration: "kind: ClusterConfiguration\n" } })
      : Promise.reject(answer(configAnswer)),
};
vi.mock("../kubernetes/client", async (original) => ({
  ...(await original<object>()),
  clientFromBoard: () => Promise.resolve({ api: () => core }),
}));

beforeEach(() => {
  conflicts = 0;
  configAnswer = 200;
  patches.length = 0;
});

describe("KubeadmCluster", () => {
  const wanted = kubeadmCluster.inputs.parse({
    connection: connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] }),
    kubeadm: "/usr/bin/kubeadm",
    config: "",
    node: "one",
    taints: ["gpu:NoSchedule"],
  });
  const run = () => Promise.resolve({ code: 0, stdout: "", stderr: "" });
  const create = () => kubeadmCluster.create(sampleContext({ label: "root@board:22", run }), wanted);

  it("marks a node that kubelet writes at the same time", async () => {
    conflicts = 2;
    expect((await create()).state.uploaded).toBe("kind: ClusterConfiguration\n");
    expect(patches).toEqual([
      { metadata: { resourceVersion: "0" }, spec: { taints: [{ key: "gpu", effect: "NoSchedule" }] } },
    ]);
  });

  it.each<[string, () => void, RegExp]>([
    ["the node", () => (conflicts = 99), /^root@board:22: the cluster is set up, and .* the API server answered 409/],
    ["kubeadm's configuration", () => (configAnswer = 500), /the API server answered 500/],
  ])("keeps what it has made where the API server refuses %s", async (_what, refuse, message) => {
    refuse();
    const failed = await create().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(PartialFailure);
    const { id, state, reason } = failed as PartialFailure;
    expect({ id, state }).toEqual({ id: "one", state: { ...wanted, uploaded: "", found: "" } });
    expect(reason).toBeInstanceOf(BoardError);
    expect(reason.message).toMatch(message);
  });
});
