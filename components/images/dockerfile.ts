import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { cacheDirectory } from "../../tools/cache";
import { findCommand, runCommand } from "../../tools/command";
import type { Progress } from "../../tools/progress";
import type { DockerfileSource } from "./config";
import type { BuiltImage, Platform } from "./image";
import { imageFromArchive, type ArchiveCheck } from "./import-image";
import { parseImageReference } from "./reference";

/** Why no Dockerfile can be built on this machine; `undefined` where a Docker engine answers. */
export async function dockerHindrance(): Promise<string | undefined> {
  const remedy = "a Dockerfile is built by a Docker engine; install Docker, or set DOCKER_HOST to one that runs";
  if (findCommand("docker") === undefined) return `this machine has no docker command (${remedy})`;
  try {
    await runCommand("docker", ["version", "--format", "{{.Server.Version}}"], { timeoutSeconds: 20 });
    return undefined;
  } catch (error) {
    const said = (error as Error).message.split("\n").at(-1) ?? "";
    return `no Docker engine answers: ${said} (${remedy})`;
  }
}

/**
 * Builds a Dockerfile for the board's platform with the Docker engine of this machine, through `@pulumi/docker`, and takes the image out of the
 * engine. It is built in previews too, as everything else that is made here: only then is its digest known. The engine's build cache decides
 * what is built anew; the programs in the outcome are checked.
 *
 * @param name - full name of the image; the engine keeps it under `k3s-board.local/` in front.
 * @throws when the build fails, or the image is not for the board.
 */
export async function imageFromDockerfile(
  name: string,
  source: DockerfileSource,
  platform: Platform,
  progress: Progress,
  check: Omit<ArchiveCheck, "name"> = {},
): Promise<BuiltImage> {
  // Only stacks with a Dockerfile need that package's plugin.
  const docker = await import("@pulumi/docker");
  const { repository, tag } = parseImageReference(name);
  const local = `k3s-board.local/${repository}:${tag}`;
  const image = new docker.Image(`dockerfile:${name}`, {
    imageName: local,
    skipPush: true,
    buildOnPreview: true,
    build: {
      context: source.context,
      dockerfile: source.dockerfile ?? join(source.context, "Dockerfile"),
      platform: `${platform.os}/${platform.architecture}`,
      args: source.buildArgs,
      ...(source.target === undefined ? {} : { target: source.target }),
    },
  });
  const id = await knownValue(image, image.repoDigest);
  if (id === undefined) throw new Error(`${name}: @pulumi/docker did not build ${source.dockerfile ?? source.context}`);
  const directory = await mkdtemp(join(cacheDirectory("docker"), "save-"));
  try {
    const path = join(directory, "image.tar");
    await progress.step(`taking ${name} out of the Docker engine`, () =>
      runCommand("docker", ["image", "save", "--output", path, local], {
        timeoutSeconds: 1800,
        purpose: `taking ${local} out of the Docker engine`,
      }),
    );
    return await imageFromArchive({ kind: "archive", path }, platform, progress, { ...check, name });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Value of an output as soon as its resource is registered; `undefined` where that did not make it known. */
function knownValue<T>(resource: pulumi.Resource, output: pulumi.Output<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    output.apply(resolve);
    // an unknown output never calls back; the URN is known together with the others
    resource.urn.apply(() => setTimeout(() => resolve(undefined), 1000));
  });
}
