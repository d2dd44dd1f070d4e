import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { expandHome } from "../../provider/local-paths";
import type { ManifestsConfig } from "./config";
import { deploymentsOf } from "./workloads";

/** A manifest for k3s, with its text. */
export interface ManifestText {
  /** Name in the configuration; the file is `custom-<name>.yaml`. */
  readonly name: string;
  readonly content: string;
  /** Deployments in it, as `namespace/name`. */
  readonly deployments: readonly string[];
}

/**
 * Reads the user's manifests.
 *
 * @throws Error that names the config path, where a file is missing or is no Kubernetes YAML.
 */
export function readManifests(config: ManifestsConfig): ManifestText[] {
  return Object.entries(config).map(([name, manifest]) => {
    const content = "yaml" in manifest ? manifest.yaml : readManifestFile(name, manifest.file);
    return manifestText(name, content, `manifests.${name}`);
  });
}

function readManifestFile(name: string, file: string): string {
  try {
    return readFileSync(expandHome(file), "utf8");
  } catch (error) {
    throw new Error(`manifests.${name}.file: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** Makes a {@link ManifestText}; `title` is for errors. */
export function manifestText(name: string, content: string, title: string): ManifestText {
  return { name, content, deployments: deploymentsOf(content, title) };
}

/** Name of a manifest's file in k3s's auto-deploy directory without its extension, which is also the name of the Addon that k3s keeps for it. */
export function addonName(manifest: Pick<ManifestText, "name">): string {
  return `custom-${manifest.name}`;
}

/** SHA-256 (hex) of each manifest by {@link addonName}: what k3s writes down when it has applied one (pkg/deploy/controller.go). */
export function manifestChecksums(manifests: readonly ManifestText[]): Record<string, string> {
  return Object.fromEntries(
    manifests.map((manifest) => [addonName(manifest), createHash("sha256").update(manifest.content).digest("hex")]),
  );
}

/** Arguments of {@link Manifests}. */
export interface ManifestsArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly manifests: readonly ManifestText[];
  /** k3s's data directory on the board. */
  readonly dataDir: string;
  /** Path of the kubeconfig on the board. */
  readonly kubeconfig: string;
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** Manifests in k3s's auto-deploy directory. k3s picks a changed file up by itself; nothing restarts. */
export class Manifests extends pulumi.ComponentResource {
  constructor(name: string, args: ManifestsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:manifests:Manifests", name, {}, opts);
    const { connection, kubeconfig } = args;
    for (const manifest of args.manifests) {
      new board.Manifest(
        `${name}-${manifest.name}`,
        // never k3s's own names: `--disable` goes by the file's name and would delete the user's
        {
          connection,
          kubeconfig,
          path: `${args.dataDir}/server/manifests/${addonName(manifest)}.yaml`,
          content: manifest.content,
        },
        { parent: this, dependsOn: [...args.after] },
      );
    }
    this.registerOutputs({ manifests: args.manifests.map((manifest) => manifest.name) });
  }
}
