import * as pulumi from "@pulumi/pulumi";
import type { ManifestText } from "../manifests/manifests";
import { loadPackage, optionalPackages } from "../pulumi-packages";

/** What is used of `@pulumi/kubernetes`, which is not there to take its types from unless a stack needs it. */
interface ProviderModule {
  readonly Provider: new (
    name: string,
    args: { readonly kubeconfig: pulumi.Input<string> },
    options: pulumi.ResourceOptions,
  ) => pulumi.ProviderResource;
}
interface YamlModule {
  readonly ConfigGroup: new (
    name: string,
    args: { readonly yaml: string; readonly resourcePrefix: string },
    options: pulumi.ComponentResourceOptions,
  ) => pulumi.ComponentResource;
}

/** Arguments of {@link Workloads}. */
export interface WorkloadsArgs {
  readonly workloads: readonly ManifestText[];
  /** The administrator's kubeconfig, as it works from this machine. */
  readonly kubeconfig: pulumi.Output<string>;
  /** What must be there before anything here. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * The user's objects as resources of the stack, one by one: Pulumi creates, waits for, reads and deletes them through the API server, where it
 * leaves `manifests` to k3s.
 */
export class Workloads extends pulumi.ComponentResource {
  constructor(name: string, args: WorkloadsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:workloads:Workloads", name, {}, opts);
    // all of the package takes seconds to load
    const { Provider } = loadPackage(optionalPackages.workloads, "/provider") as ProviderModule;
    const { ConfigGroup } = loadPackage(optionalPackages.workloads, "/yaml/v2") as YamlModule;
    const dependsOn = [...args.after];
    const provider = new Provider(
      `${name}-cluster`,
      { kubeconfig: pulumi.secret(args.kubeconfig) },
      { parent: this, dependsOn },
    );
    for (const { name: workload, content } of args.workloads) {
      const prefix = `${name}-${workload}`;
      new ConfigGroup(prefix, { yaml: content, resourcePrefix: prefix }, { parent: this, provider, dependsOn });
    }
    this.registerOutputs({ workloads: args.workloads.map((workload) => workload.name) });
  }
}
