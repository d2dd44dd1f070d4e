import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import * as command from "../../tools/command";
import { silentProgress } from "../../tools/progress";
import { sampleLayout } from "./audit/samples";
import { dockerHindrance, imageFromDockerfile } from "./dockerfile";
import { elfBytes } from "./elf-samples";
import { linux } from "./image";
import { UnfitImages } from "./unfit-images";

/** The docker command of these tests: whether there is one, whether an engine answers, and the archive that it saves. */
const docker = vi.hoisted(() => ({ there: true, engine: true, archive: "", asked: [] as string[][] }));
vi.mock("../../tools/command", async (original) => {
  const real = await original<typeof command>();
  return {
    ...real,
    findCommand: (name: string) =>
      name === "docker" ? (docker.there ? "/usr/bin/docker" : undefined) : real.findCommand(name),
    runCommand: (name: string, args: string[], options?: object) => {
      if (name !== "docker") return real.runCommand(name, args, options);
      docker.asked.push(args);
      if (!docker.engine) return Promise.reject(new Error("docker failed\nCannot connect to the Docker daemon"));
      const output = args[args.indexOf("--output") + 1];
      if (args[1] === "save" && output !== undefined) copyFileSync(docker.archive, output);
      return Promise.resolve({ stdout: "28.0.0\n", stderr: "" });
    },
  };
});

const root = mkdtempSync(join(tmpdir(), "dockerfile-"));
const before = process.env.K3S_BOARD_CACHE;
process.env.K3S_BOARD_CACHE = join(root, "cache");
afterAll(() => {
  if (before === undefined) delete process.env.K3S_BOARD_CACHE;
  else process.env.K3S_BOARD_CACHE = before;
  rmSync(root, { recursive: true, force: true });
});

let registered: { type: string; name: string; inputs: unknown }[] = [];
beforeEach(async () => {
  registered = [];
  Object.assign(docker, { there: true, engine: true, asked: [] });
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs });
      return { id: name, state: { ...(inputs as object), repoDigest: "sha256:00" } };
    },
    call: () => ({}),
  });
});

async function saved(machine: number, flags: number): Promise<string> {
  const { directory } = await sampleLayout(root, {
    "linux/riscv64": [{ entries: { app: elfBytes({ machine, flags }) } }],
  });
  const archive = `${directory}.tar`;
  await command.runCommand("tar", ["-cf", archive, "-C", directory, "."]);
  return archive;
}

const source = { kind: "dockerfile", context: "/app", buildArgs: { TAG: "v1" } } as const;
const build = () => imageFromDockerfile("docker.io/acme/app:1", source, linux("riscv64"), silentProgress);

describe("imageFromDockerfile", () => {
  it("builds for the board's platform, previews included, and takes the image out of the engine", async () => {
    docker.archive = await saved(243, 5);
    const image = await build();
    expect(registered).toMatchObject([
      {
        type: "docker:index/image:Image",
        inputs: {
          imageName: "k3s-board.local/acme/app:1",
          skipPush: true,
          buildOnPreview: true,
          build: { context: "/app", dockerfile: "/app/Dockerfile", platform: "linux/riscv64", args: { TAG: "v1" } },
        },
      },
    ]);
    expect(docker.asked.at(-1)?.at(-1)).toBe("k3s-board.local/acme/app:1");
    expect(image).toMatchObject({
      platform: { architecture: "riscv64" },
      digest: expect.stringMatching(/^sha256:/) as string,
    });
  });

  it("refuses what it made for another machine", async () => {
    docker.archive = await saved(62, 0);
    await expect(build()).rejects.toThrow(/is refused:\n.*amd64/);
    await expect(build()).rejects.toBeInstanceOf(UnfitImages);
  });

  it("lets pass what is allowed under the name that the board asks for", async () => {
    docker.archive = await saved(62, 0);
    const allow = [{ image: "docker.io/acme/*", path: "/app", reason: "made for another machine on purpose" }];
    const name = "docker.io/acme/app:1";
    const image = await imageFromDockerfile(name, source, linux("riscv64"), silentProgress, { allow });
    expect(image.digest).toMatch(/^sha256:/);
  });
});

describe("dockerHindrance", () => {
  it("says what is missing", async () => {
    expect(await dockerHindrance()).toBeUndefined();
    docker.engine = false;
    expect(await dockerHindrance()).toMatch(
      /no Docker engine answers: Cannot connect to the Docker daemon .*set DOCKER_HOST/,
    );
    docker.there = false;
    expect(await dockerHindrance()).toMatch(/this machine has no docker command/);
  });
});
