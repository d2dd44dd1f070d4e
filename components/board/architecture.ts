/** CPU architectures, by the names that Go, OCI and Kubernetes share (`GOARCH`). */
export const architectures = ["riscv64", "arm64", "amd64"] as const;

/** One of {@link architectures}. */
export type Architecture = (typeof architectures)[number];

/** `uname -m` of each architecture. */
const machineNames: Record<string, Architecture> = { riscv64: "riscv64", aarch64: "arm64", x86_64: "amd64" };

/** The architecture that `uname -m` names, or `undefined` where it is none that we know. */
export function architectureOfMachine(machine: string): Architecture | undefined {
  return machineNames[machine];
}
