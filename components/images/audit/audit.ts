import { RegistryError } from "../../../provider/registry/registry-error";
import { programProblems, usualPageSize } from "../programs";
import type { Platform } from "../image";
import { applyAllowList, type AllowedProgram } from "./allow";
import { remembered } from "./cache";
import { decompressed, layerCompression, readLayer } from "./layer";
import { imageManifest, offersOf, readManifest } from "./manifest";
import { platformFits, platformText } from "./platforms";
import { programsRecord, offersRecord, type OffersRecord, type ProgramsRecord } from "./records";
import type { ImageAudit } from "./result";
import type { Descriptor, ImageStore } from "./store";
import { FileTree } from "./tree";

/** What {@link auditImage} looks at. */
export interface AuditArgs {
  readonly store: ImageStore;
  /** Path in the store: `library/busybox`. */
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
  readonly platform: Platform;
  /** Page size of the board's kernel in bytes. Defaults to 4096. */
  readonly pageSize?: number;
  /** Full image name for the allow-list. Defaults to `repository:reference`. */
  readonly name?: string;
  /** Programs that need not fit. Defaults to none. */
  readonly allow?: readonly AllowedProgram[];
  /** Called now and then during a long reading with what it is at. */
  readonly note?: (text: string) => void;
}

/** Raised whenever the same image would come to another result. */
const rulesVersion = 1;

/**
 * Audits one image: which platforms it offers, which manifest the board gets of them, and whether the programs in that manifest's final file tree
 * are what the manifest says. Layers are streamed and not stored. What a manifest came to is remembered by its digest, so that a second audit
 * reads nothing.
 *
 * @throws when the store cannot be asked, what it has is damaged, or a layer is of a kind that cannot be read.
 */
export async function auditImage(args: AuditArgs): Promise<ImageAudit> {
  const store = new CountingStore(args.store);
  const { repository, reference, platform, pageSize = usualPageSize } = args;
  const digest = await args.store.resolve(repository, reference);
  if (digest === undefined) {
    return { verdict: "absent", platforms: [], problems: [], allowed: [], programs: 0, bytesRead: 0, cached: false };
  }
  const offers = await remembered([rulesVersion, "offers", digest], offersRecord, () =>
    readOffers(store, repository, digest),
  );
  const platforms = offers.value.map((offer) => platformText(offer.platform));
  const chosen = offers.value.find((offer) => platformFits(offer.platform, platform));
  if (!chosen) {
    const { bytesRead } = store;
    return { verdict: "platform", digest, platforms, problems: [], allowed: [], programs: 0, bytesRead, cached: false };
  }
  const platformDigest = chosen.digest;
  const key = [rulesVersion, "programs", platformDigest, platformText(platform), pageSize];
  const checked = await remembered(key, programsRecord, () =>
    checkedPrograms({ ...args, store, digest: platformDigest, pageSize }),
  );
  const { problems, allowed } = applyAllowList(
    args.name ?? `${repository}:${reference}`,
    checked.value.problems,
    args.allow ?? [],
  );
  return {
    verdict: problems.length > 0 ? "programs" : "fits",
    digest,
    platforms,
    platformDigest,
    problems,
    allowed,
    programs: checked.value.programs,
    bytesRead: store.bytesRead,
    cached: checked.known,
  };
}

async function readOffers(store: ImageStore, repository: string, digest: string): Promise<OffersRecord> {
  return offersOf(store, repository, await readManifest(store, repository, digest));
}

/** What {@link checkedPrograms} looks at. */
export interface ManifestArgs extends Pick<AuditArgs, "store" | "repository" | "platform" | "pageSize" | "note"> {
  /** Digest of an image manifest. */
  readonly digest: string;
}

/** Reads every layer of a manifest and checks the programs of its final tree; see {@link auditImage}, which remembers the answer. */
export async function checkedPrograms({
  store,
  repository,
  digest,
  platform,
  pageSize = usualPageSize,
  note,
}: ManifestArgs): Promise<ProgramsRecord> {
  const { layers } = imageManifest(await readManifest(store, repository, digest), repository);
  // All of them before the first byte is read: an image that cannot be checked costs nothing.
  const compressions = layers.map(layerCompression);
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  let read = 0;
  const counted = async function* (layer: Descriptor) {
    for await (const chunk of store.blob(repository, layer)) {
      read += chunk.length;
      note?.(`${megabytes(read)} of ${megabytes(total)} read`);
      yield chunk;
    }
  };
  const tree = new FileTree();
  for (const [at, layer] of layers.entries()) {
    tree.beginLayer(layer.digest);
    try {
      await readLayer(decompressed(counted(layer), compressions[at] ?? "none"), (entry) => tree.add(entry));
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      // What cannot be unpacked may not be what its digest says, which is then the news; the store tells at the end of a blob.
      for await (const chunk of store.blob(repository, layer)) void chunk;
      throw new Error(`layer ${layer.digest} of ${repository}: ${(error as Error).message}`, { cause: error });
    }
  }
  return programProblems(tree, platform, { pageSize });
}

/** Counts what is read from another store. */
class CountingStore implements ImageStore {
  bytesRead = 0;

  constructor(private readonly store: ImageStore) {}

  resolve(repository: string, reference: string) {
    return this.store.resolve(repository, reference);
  }

  async manifest(repository: string, reference: string) {
    const found = await this.store.manifest(repository, reference);
    this.bytesRead += found?.bytes.length ?? 0;
    return found;
  }

  async *blob(repository: string, descriptor: Descriptor) {
    for await (const chunk of this.store.blob(repository, descriptor)) {
      this.bytesRead += chunk.length;
      yield chunk;
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
