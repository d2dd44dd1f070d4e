import { readFile } from "node:fs/promises";
import { z } from "zod";
import { blobPath, readLayout, verifyBlobs } from "../../provider/registry/layout";
import { readImage } from "./assemble";
import { checkedPrograms } from "./audit/audit";
import { openLocalImages } from "./audit/local";
import type { BuiltImage, Platform } from "./image";
import { refuseProblems, type ProgramCheck } from "./programs";

const imageConfig = z.object({ os: z.string(), architecture: z.string() });

/**
 * Checks an OCI layout as a whole, whoever made it: every blob has its digest, the configuration names the platform, and the programs in the
 * final tree are of the platform's architecture.
 *
 * @throws with what is wrong.
 */
export async function verifyLayout(
  name: string,
  directory: string,
  platform: Platform,
  check: ProgramCheck = {},
): Promise<BuiltImage> {
  const layout = await readLayout(directory);
  await verifyBlobs(layout);
  const text = await readFile(blobPath(directory, layout.config.digest), "utf8");
  const { os, architecture } = imageConfig.parse(JSON.parse(text));
  if (os !== platform.os || architecture !== platform.architecture) {
    throw new Error(`image ${name} is for ${os}/${architecture}, not for ${platform.os}/${platform.architecture}`);
  }
  const { store, close } = await openLocalImages(directory);
  try {
    refuseProblems(
      name,
      (await checkedPrograms({ store, repository: name, digest: layout.digest, platform, ...check })).problems,
    );
  } finally {
    await close();
  }
  return readImage(directory, platform);
}
