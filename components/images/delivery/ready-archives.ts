import { RegistryClient } from "../../../provider/registry/client";
import type { Progress } from "../../../tools/progress";
import { imageArchive } from "../archive";
import type { Platform } from "../image";
import type { PlannedImage } from "../plan";
import { compressedArchive } from "./compression";
import type { Delivery } from "./delivery";
import { fetchedImage } from "./fetched-image";

/** An archive that lies ready on this machine. */
export interface ReadyArchive {
  /** Name in the {@link Delivery}. */
  readonly name: string;
  /** File name in `agent/images`. */
  readonly file: string;
  /** The file as it goes to `agent/images`. */
  readonly source: string;
  /** The same uncompressed, as `ctr` takes it. */
  readonly archive: string;
}

/**
 * Makes a delivery's archives, or finds them as they were made before. What is only in a registry is fetched first.
 *
 * @throws when an image cannot be fetched or is damaged.
 */
export async function readyArchives(
  { archives, compression }: Pick<Delivery, "archives" | "compression">,
  platform: Platform,
  progress: Progress,
): Promise<ReadyArchive[]> {
  const ready: ReadyArchive[] = [];
  // One after the other: each takes the memory of its largest layer.
  for (const { name, images } of archives) {
    const contents = [];
    for (const { name: imageName, image } of images) {
      const layout = await layoutOf(image, progress);
      contents.push({ names: [imageName], image: { digest: image.platformDigest, layout, platform } });
    }
    const archive = await imageArchive(contents);
    const source = compression === "none" ? archive : await compressedArchive(archive);
    ready.push({ name, file: `k3s-board-${name}.tar${compression === "none" ? "" : ".zst"}`, source, archive });
  }
  return ready;
}

async function layoutOf({ name, content, platformDigest }: PlannedImage, progress: Progress): Promise<string> {
  if (content.kind === "layout") return content.image.layout;
  const { password, ...address } = content.registry;
  if (password !== undefined && typeof password !== "string") {
    throw new Error(
      `the password of ${address.url} is not known while the program runs, and ${name} must be fetched then`,
    );
  }
  return progress.step(`fetching ${name}`, async (note) => {
    const client = new RegistryClient({ ...address, ...(password === undefined ? {} : { password }) }, note);
    try {
      return await fetchedImage(client, content.repository, platformDigest);
    } finally {
      client.close();
    }
  });
}
