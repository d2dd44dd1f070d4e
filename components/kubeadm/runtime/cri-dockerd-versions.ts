/** The first version that takes cni for its network plugin where none is named (cmd/cri/options/options.go: NetworkPluginName). */
const firstWithCni = [0, 2, 5] as const;

/**
 * What a cri-dockerd takes for its network plugin where its command line names none. With none, pods are in Docker's own network.
 *
 * @param version - `0.4.3`.
 */
export function networkPluginDefault(version: string): "cni" | "none" {
  const numbers = version.replace(/^v/, "").split(".").map(Number);
  const difference = firstWithCni.map((number, index) => (numbers[index] ?? 0) - number).find((one) => one !== 0) ?? 0;
  return difference < 0 ? "none" : "cni";
}
