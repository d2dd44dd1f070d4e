import { z } from "zod";
import { digestOf, mediaTypes } from "../../../provider/registry/layout";
import { readSmall, type FileSource } from "./files";
import type { LocalImage, LocalImages } from "./local";
import type { Descriptor, ImageStore, StoredManifest } from "./store";
import { verified } from "./verified";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "expected a sha256 digest");
const entry = z.looseObject({
  mediaType: z.string(),
  digest,
  annotations: z.record(z.string(), z.string()).optional(),
});
const layoutIndex = z.object({ manifests: z.array(entry) });

/** Annotations that carry a name, best first: containerd's and Docker's whole one, OCI's, which is often a tag only. */
const nameAnnotations = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/** The images of an OCI layout. Entries of its index with the same name are one image for several platforms. */
export async function layoutImages(files: FileSource): Promise<Omit<LocalImages, "close">> {
  const text = (await readSmall(files, "index.json")).toString("utf8");
  const parsed = layoutIndex.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`index.json in ${files.label} is no OCI index: ${parsed.error.message}`);
  const groups = new Map<string, z.output<typeof entry>[]>();
  for (const manifest of parsed.data.manifests) {
    const name = nameAnnotations.map((key) => manifest.annotations?.[key]).find(Boolean) ?? "";
    groups.set(name, [...(groups.get(name) ?? []), manifest]);
  }
  const made = new Map<string, StoredManifest>();
  const images: LocalImage[] = [];
  for (const [name, manifests] of groups) {
    const [only] = manifests;
    if (!only) continue;
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }));
    const together = { digest: digestOf(bytes), mediaType: mediaTypes.index, bytes };
    const single = manifests.every((manifest) => manifest.digest === only.digest);
    if (!single) made.set(together.digest, together);
    images.push({ name: name || files.label, reference: single ? only.digest : together.digest });
  }
  return { store: new BlobStore(files, made, images), images };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Blobs under their digests, and manifests that are nowhere written down. */
class BlobStore implements ImageStore {
  constructor(
    private readonly files: FileSource,
    private readonly made: ReadonlyMap<string, StoredManifest>,
    private readonly images: readonly LocalImage[],
  ) {}

  async resolve(_repository: string, reference: string): Promise<string | undefined> {
    const wanted = this.images.find(({ name }) => name === reference)?.reference ?? reference;
    if (this.made.has(wanted)) return wanted;
    return (await this.files.size(blobFile(wanted))) === undefined ? undefined : wanted;
  }

  async manifest(repository: string, reference: string): Promise<StoredManifest | undefined> {
    const wanted = await this.resolve(repository, reference);
    if (wanted === undefined) return undefined;
    const made = this.made.get(wanted);
    if (made) return made;
    const bytes = await readSmall(this.files, blobFile(wanted));
    const said = z.object({ mediaType: z.string() }).safeParse(parseJson(bytes.toString("utf8")));
    return { digest: digestOf(bytes), mediaType: said.success ? said.data.mediaType : mediaTypes.manifest, bytes };
  }

  async *blob(_repository: string, descriptor: Descriptor): AsyncGenerator<Buffer> {
    const path = blobFile(descriptor.digest);
    if ((await this.files.size(path)) === undefined) {
      throw new Error(`${this.files.label} lacks the blob ${descriptor.digest}: it is not a whole image`);
    }
    yield* verified(this.files.stream(path), descriptor, this.files.label);
  }
}

function blobFile(digestOfBlob: string): string {
  return `blobs/${digestOfBlob.replace(":", "/")}`;
}
