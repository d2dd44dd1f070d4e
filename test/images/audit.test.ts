import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleLayout, type SampleLayer } from "../../components/images/audit/samples";
import { openLocalImages } from "../../components/images/audit/local";
import { elfBytes } from "../../components/images/elf-samples";
import { RegistryClient } from "../../provider/registry/client";
import { copyImage } from "../../provider/registry/copy";
import { contentsOf, blobPath } from "../../provider/registry/layout";
import { fileSource } from "../../provider/registry/upload";
import { RegistryServer } from "./registry-server";
import { temporaryDirectory } from "./sample-image";

const root = resolve(__dirname, "../..");
const files = temporaryDirectory();
let server: RegistryServer;
let client: RegistryClient;

beforeAll(async () => {
  server = await RegistryServer.start();
  client = new RegistryClient({ url: server.url });
}, 900_000);
afterAll(async () => {
  client.close();
  await server.stop();
  files.remove();
});

const right = elfBytes({ machine: 243, flags: 5 });
const wrong = elfBytes({ machine: 62 });

/** Pushes an image, or an index of images, and returns its name. */
async function pushed(tag: string, images: Readonly<Record<string, readonly SampleLayer[]>>): Promise<string> {
  const { directory, digest } = await sampleLayout(files.path, images);
  const { store } = await openLocalImages(directory);
  const manifest = async (reference: string) => {
    const found = await store.manifest("demo", reference);
    if (!found) throw new Error(`no ${reference}`);
    contentsOf(found.bytes);
    return found;
  };
  const blob = (descriptor: { digest: string }) => fileSource(blobPath(directory, descriptor.digest));
  await copyImage({ digest, manifest, blob }, { client, repository: "demo/app", tag });
  return `127.0.0.1:${server.port}/demo/app:${tag}`;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a user does, with a cache of its own. */
function audit(...args: string[]): Promise<Ran> {
  const env = { ...process.env, K3S_BOARD_CACHE: join(files.path, "cache"), INIT_CWD: files.path };
  const command = ["cli/bootstrap.cjs", "cli/main.ts", "audit", "--arch", "riscv64", ...args];
  return new Promise((done) => {
    execFile(process.execPath, command, { cwd: root, env }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describe("audit against a real registry", () => {
  it("tells images that fit from those that do not, in words and as a document; the second time without reading", async () => {
    const good = await pushed("good", {
      "linux/amd64": [{ entries: { "/app": wrong } }],
      "linux/riscv64": [{ compression: "zstd", entries: { "/app": right } }],
    });
    const lying = await pushed("lying", {
      "linux/riscv64": [{ entries: { "/etc/x": Buffer.from("x") } }, { entries: { "/usr/bin/flexvol": wrong } }],
    });
    const other = await pushed("other", { "linux/amd64": [{ entries: {} }], "linux/arm64/v8": [{ entries: {} }] });
    const none = good.replace(/:good$/, ":none");

    const first = await audit(good, lying, other, none);
    expect(first.code).toBe(8);
    expect(first.stdout).toMatch(/:good +linux\/amd64,linux\/riscv64 +yes +1 +fits/);
    expect(first.stdout).toMatch(/:lying +linux\/riscv64 +yes +1 +wrong programs/);
    expect(first.stdout).toMatch(
      /\/usr\/bin\/flexvol \(layer sha256:[0-9a-f]{12}\) is a program for amd64, the image is for riscv64/,
    );
    expect(first.stdout).toContain(`${other}: not for linux/riscv64: the tag has linux/amd64, linux/arm64/v8`);
    expect(first.stdout).toContain(`${none}: there is no such tag`);
    expect(first.stdout).toMatch(/1 of 4 images fit, 3 do not; 0\.0 MB read/);

    const second = await audit("--json", good, lying);
    expect(second.code).toBe(8);
    const document = JSON.parse(second.stdout) as { summary: object; images: { problems: { layer: string }[] }[] };
    expect(document.summary).toEqual({ fit: 1, unfit: 1, notKnown: 0, bytesRead: 0 });
    expect(document.images[1]?.problems[0]).toMatchObject({
      path: "/usr/bin/flexvol",
      found: "amd64",
      wanted: "riscv64",
    });
    expect((await audit(good)).code).toBe(0);
  });

  it("reads directories against the place it was started in, and says what could not be asked", async () => {
    const { directory } = await sampleLayout(files.path, { "linux/riscv64": [{ entries: { "/bin/x": wrong } }] });
    const local = await audit(`./${directory.slice(files.path.length + 1)}`);
    expect(local.code).toBe(8);
    expect(local.stdout).toContain("/bin/x (layer");
    const away = await audit("127.0.0.1:1/demo/app:1");
    expect(away.code).toBe(1);
    expect(away.stdout).toContain("could not be looked at: registry http://127.0.0.1:1: it does not answer");
    expect((await audit("./nothing.tar")).code).toBe(2);
    expect((await audit("--page-size", "5000", "busybox")).stderr).toContain("--page-size 5000: expected 4096");
  });
});
