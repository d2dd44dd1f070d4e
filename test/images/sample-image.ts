import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assembleImage } from "../../components/images/assemble";
import { linux, type BuiltImage } from "../../components/images/image";

/** An image with a layer of about `kilobytes` that does not compress, different for each `seed`. */
export async function sampleImage(directory: string, seed: number, kilobytes = 64): Promise<BuiltImage> {
  const content = Buffer.alloc(kilobytes * 1024);
  let state = seed + 1;
  for (let at = 0; at < content.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    content.writeUInt32LE((state ^ (state >>> 15)) >>> 0, at);
  }
  const runtime = { entrypoint: ["/data"], args: [], user: "1:1", env: {}, workingDirectory: "/" };
  const spec = { tree: [{ path: "/data", content }], runtime, annotations: {} };
  return assembleImage(spec, linux("riscv64"), mkdtempSync(join(directory, "image-")));
}

/** A directory for the duration of a test file. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "images-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
