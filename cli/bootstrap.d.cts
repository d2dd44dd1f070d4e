/** The parts of a package-lock.json, and of npm's copy of it in node_modules, that tell whether it is installed. */
interface PackageLock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly optional?: boolean }>
  >;
}

export function nodeProblem(version: string): string | undefined;
export function staleReason(wanted: PackageLock, installed: PackageLock | undefined): string | undefined;
