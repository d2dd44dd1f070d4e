import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as board from "../../provider";
import { readDocuments } from "../../provider/kubernetes/manifest-documents";
import { expandHome } from "../../provider/local-paths";
import type { ManifestsConfig } from "./config";

/** A manifest for k3s, with its text. */
export interface ManifestText {
  /** Name in the configuration; the file is `custom-<name>.yaml`. */
  readonly name: string;
  readonly content: string;
  /** Deployments in it, as `namespace/name`. */
  readonly deployments: readonly string[];
}

/** Reads the user's manifests, which {@link manifestProblems} has found nothing wrong with. */
export function readManifests(config: ManifestsConfig): ManifestText[] {
  return Object.entries(config).map(([name, manifest]) => manifestText(name, manifestContent(manifest)));
}

/** The text of a manifest. @throws where its file cannot be read. */
export function manifestContent(manifest: ManifestsConfig[string]): string {
  return "yaml" in manifest ? manifest.yaml : readFileSync(expandHome(manifest.file), "utf8");
}

/** Makes a {@link ManifestText}. */
export function manifestText(name: string, content: string): ManifestText {
  return { name, content, deployments: deploymentsOf(content) };
}

/** The deployments of a manifest, as `namespace/name`: what the end of an `up` waits for. */
function deploymentsOf(content: string): string[] {
  return readDocuments(content).objects.flatMap(({ object: { kind, metadata } }) =>
    kind === "Deployment" ? [`${metadata.namespace ?? "default"}/${metadata.name}`] : [],
  );
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

/** Arguments of {@link manifestObjects}. */
export interface ManifestObjectsArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly manifests: readonly ManifestText[];
  /** Path of the kubeconfig on the board. */
  readonly kubeconfig: string;
}

/**
 * The objects of each manifest in the cluster, by the manifest's name: asked about before anything of k3s is touched, deleted when their
 * manifest has gone. With the whole stack they go after k3s and its data, when there is nothing left to delete.
 */
export function manifestObjects(args: ManifestObjectsArgs): ReadonlyMap<string, board.ManifestObjects> {
  const { connection, kubeconfig } = args;
  return new Map(
    args.manifests.map((manifest) => [
      manifest.name,
      new board.ManifestObjects(`manifest-${manifest.name}-objects`, {
        connection,
        kubeconfig,
        addon: addonName(manifest),
        content: manifest.content,
      }),
    ]),
  );
}

/** Arguments of {@link Manifests}. */
export interface ManifestsArgs {
  readonly connection: pulumi.Input<board.ConnectionArgs>;
  readonly manifests: readonly ManifestText[];
  /** k3s's data directory on the board. */
  readonly dataDir: string;
  /** The objects in the cluster: each file is written after its objects were asked about, and goes before they are deleted. */
  readonly objects: ReadonlyMap<string, board.ManifestObjects>;
  /** What must be there before anything here: the engine orders children by what they themselves depend on. */
  readonly after: readonly pulumi.Resource[];
}

/** Manifests in k3s's auto-deploy directory. k3s picks a changed file up by itself; nothing restarts. */
export class Manifests extends pulumi.ComponentResource {
  constructor(name: string, args: ManifestsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("k3s-board:manifests:Manifests", name, {}, opts);
    for (const manifest of args.manifests) {
      const objects = args.objects.get(manifest.name);
      new board.Manifest(
        `${name}-${manifest.name}`,
        // never k3s's own names: `--disable` goes by the file's name and would delete the user's
        {
          connection: args.connection,
          path: `${args.dataDir}/server/manifests/${addonName(manifest)}.yaml`,
          content: manifest.content,
        },
        { parent: this, dependsOn: [...args.after, ...(objects === undefined ? [] : [objects])] },
      );
    }
    this.registerOutputs({ manifests: args.manifests.map((manifest) => manifest.name) });
  }
}
