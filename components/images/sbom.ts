import { join } from "node:path";
import { mediaTypes, type Descriptor } from "../../provider/registry/layout";
import type { TreeEntry } from "./assemble";
import { goBuildInfo, type GoModule } from "./go-build-info";
import { describe, finishLayout, writeBlob } from "./write-layout";

/** Media type of a list in SPDX's JSON form, and type of the artifact that carries it. */
const spdxType = "application/spdx+json";
const emptyType = "application/vnd.oci.empty.v1+json";
const empty = Buffer.from("{}");

/** The programs of an image that were built by Go, with their modules. */
export interface GoPrograms {
  readonly path: string;
  readonly go: string;
  readonly modules: readonly GoModule[];
}

/** Reads which Go modules are in the programs of a file tree. */
export function goProgramsOf(tree: readonly TreeEntry[]): GoPrograms[] {
  return tree.flatMap(({ path, content }) => {
    const info = content === undefined ? undefined : goBuildInfo(content);
    if (info === undefined) return [];
    const modules = [...(info.main === undefined ? [] : [info.main]), ...info.modules];
    return [{ path, go: info.go, modules }];
  });
}

/**
 * The software in an image as an SPDX 2.3 document: the image, and every Go module in its programs. The same image gives the same bytes.
 *
 * @param digest - of the image.
 * @param created - time of the image, in ISO 8601.
 */
export function spdxDocument(digest: string, created: string, programs: readonly GoPrograms[]): object {
  const modules = new Map(
    programs.flatMap(({ go, modules: inside }) =>
      [{ path: "stdlib", version: go }, ...inside].map(
        (module) => [`${module.path}@${module.version}`, module] as const,
      ),
    ),
  );
  const packages = [...modules.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const image = "SPDXRef-Image";
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: digest,
    documentNamespace: `urn:oci:${digest}`,
    creationInfo: { created, creators: ["Tool: k3s-board"] },
    packages: [
      { SPDXID: image, name: "image", versionInfo: digest, downloadLocation: "NOASSERTION", filesAnalyzed: false },
      ...packages.map(({ path, version }, index) => ({
        SPDXID: `SPDXRef-Module-${index}`,
        name: path,
        versionInfo: version,
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        externalRefs: [
          {
            referenceCategory: "PACKAGE-MANAGER",
            referenceType: "purl",
            referenceLocator: `pkg:golang/${path}@${encodeURIComponent(version)}`,
          },
        ],
      })),
    ],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: image },
      ...packages.map((_, index) => ({
        spdxElementId: image,
        relationshipType: "CONTAINS",
        relatedSpdxElement: `SPDXRef-Module-${index}`,
      })),
    ],
  };
}

/** Where the list of an image's software lies beside its layout, as a layout of its own. */
export function sbomLayout(imageLayout: string): string {
  return join(imageLayout, "sbom");
}

/** The tag under which OCI's distribution protocol looks for what refers to a manifest, in registries that have no referrers API. */
export function referrersTag(digest: string): string {
  return digest.replace(":", "-");
}

/**
 * Writes an OCI artifact that refers to an image (its `subject`) and carries its list of software, as a layout whose one entry is the index that
 * the referrers tag of the image points to.
 */
export async function writeSbom(
  image: Descriptor,
  created: string,
  document: object,
  directory: string,
): Promise<void> {
  const list = Buffer.from(JSON.stringify(document));
  const artifact = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: spdxType,
      config: describe(empty, emptyType),
      layers: [describe(list, spdxType)],
      subject: image,
      annotations: { "org.opencontainers.image.created": created },
    }),
  );
  const referrers = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ ...describe(artifact, mediaTypes.manifest), artifactType: spdxType }],
    }),
  );
  for (const blob of [empty, list, artifact, referrers]) await writeBlob(directory, blob);
  await finishLayout(directory, describe(referrers, mediaTypes.index));
}
