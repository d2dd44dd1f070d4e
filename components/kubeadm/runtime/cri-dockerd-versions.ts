/** What changed with a version of cri-dockerd. Read from its sources at each tag. */
export const criDockerdChanges = [
  {
    from: "0.2.5",
    what: "the network plugin is cni where none is named; before that it was none, and pods landed in Docker's own network",
    source: "cmd/cri/options/options.go: NetworkPluginName",
  },
  {
    from: "0.3.0",
    what: "speaks CRI v1, which kubelet 1.26 and later ask for",
    source: "backend/daemon.go: RegisterRuntimeServiceServer of cri-api v1; Kubernetes 1.26 removed v1alpha2",
  },
  {
    from: "0.3.17",
    what: "tells kubelet its cgroup driver (CRI RuntimeConfig), which kubelet 1.37 and later ask for",
    source: "core/docker_service.go: RuntimeConfig; kubelet's cmd/kubelet/app/server.go: getCgroupDriverFromCRI",
  },
] as const;

/** Compares versions by their numbers: negative where `a` is older. */
function compared(a: string, b: string): number {
  const numbers = (version: string) => version.replace(/^v/, "").split(/[.+-]/).slice(0, 3).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  return left.map((number, index) => number - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** What a cri-dockerd takes for its network plugin where its command line names none. */
export function networkPluginDefault(version: string): "cni" | "none" {
  return compared(version, "0.2.5") < 0 ? "none" : "cni";
}

/**
 * Why a cri-dockerd cannot serve a Kubernetes. Empty where it can.
 *
 * @param version - of cri-dockerd: `0.4.3`.
 * @param kubernetes - `v1.36.3`.
 */
export function criDockerdProblems(version: string, kubernetes: string): string[] {
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetes)?.[1] ?? 0);
  const asked = minor >= 37 ? "0.3.17" : minor >= 26 ? "0.3.0" : undefined;
  if (asked === undefined || compared(version, asked) >= 0) return [];
  const why = criDockerdChanges.find(({ from }) => from === asked)?.what ?? "";
  return [`cri-dockerd ${version} is too old for Kubernetes ${kubernetes}: only ${asked} and later ${verb(why)}`];
}

/** `speaks CRI v1` for several: `speak CRI v1`. */
function verb(text: string): string {
  return text.replace(/^(\w+)s /, "$1 ");
}
