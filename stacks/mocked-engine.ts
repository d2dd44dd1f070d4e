/** The engine of the graph tests: stacks are run against mocks, and what they register is looked at. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeEach, vi } from "vitest";
import { elfBytes } from "../components/images/elf-samples";
import { find } from "../components/registered";
import type { Facts, ProgramFacts } from "../provider";
import { isObject } from "../provider/secrets";
import { parseK3sConfig, parseStackConfig } from "./config";
import { parseJoinStackConfig } from "./join-config";
import { joinStack } from "./join-stack";
import { k3sServerStack } from "./k3s-server";
import { kubeadmStack } from "./kubeadm";

export { find, registered } from "../components/registered";

/**
 * Nothing compiles here, see below; but a mock replaces a module only for those that are loaded after this one. Where a test has loaded the real
 * one before, it shall fail everywhere and not only on machines whose cache lacks what would be built: nothing can be written below a file.
 */
process.env.K3S_BOARD_CACHE = __filename;

/** Nothing compiles here: the graph must not depend on how images and programs come to be, only on their digests and places. */
vi.mock("../components/images/build", async (original) => ({
  ...(await original<object>()),
  buildImage: (source: { kind: string }, architecture: string) =>
    Promise.resolve({
      digest: `sha256:${source.kind}`,
      configDigest: "sha256:config",
      layout: `/layouts/${source.kind}`,
      platform: { os: "linux", architecture },
      size: 1,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
    }),
}));
/** No registry answers, but for images that nothing can be built for, and those of a copy of kubeadm's. */
vi.mock("../components/images/upstream-answers", () => ({
  askUpstream: (names: readonly string[]) =>
    Promise.resolve(
      new Map(
        names.map((name) => [
          name,
          /mirrored-library-traefik|rancher\/klipper|google_containers/.test(name)
            ? { kind: "audited", audit: fitting }
            : { kind: "unreachable", why: "the name is not known" },
        ]),
      ),
    ),
}));
const fitting = vi.hoisted(() => ({
  verdict: "fits",
  digest: "sha256:index",
  platformDigest: "sha256:upstream",
  platforms: ["linux/riscv64"],
  problems: [],
  allowed: [],
  programs: 1,
  bytesRead: 0,
  cached: true,
}));
vi.mock("../components/images/elf-file", async (original) => {
  const real = await original<{ elfOfFile: (path: string) => Promise<unknown> }>();
  // what buildGo is said to have built is not there
  return {
    elfOfFile: (path: string) =>
      path.startsWith("/programs/") ? Promise.resolve({ machine: built.get(path) ?? "riscv64" }) : real.elfOfFile(path),
  };
});
vi.mock("../components/images/k3s-binary-names", () => ({ namesInBinary: () => Promise.resolve({}) }));
vi.mock("../components/images/show-plan", () => ({ showPlan: () => undefined }));
vi.mock("../components/images/archive", () => ({
  imageArchive: (images: readonly { names: readonly string[] }[]) =>
    Promise.resolve(`/archives/${images[0]?.names[0]}.tar`),
}));
vi.mock("../components/images/delivery/compression", () => ({
  compressedArchive: (archive: string) => Promise.resolve(`${archive}.zst`),
}));
vi.mock("../components/images/delivery/fetched-image", () => ({
  fetchedImage: (_store: unknown, repository: string) => Promise.resolve(`/fetched/${repository}`),
}));
vi.mock("../tools/go", async (original) => ({
  ...(await original<object>()),
  buildGo: ({ name, goarch }: { name: string; goarch: string }) => {
    const path = `/programs/${name}`;
    built.set(path, goarch);
    return Promise.resolve({ path, sha256: "00" });
  },
}));
/** The architecture for which a program was last said to be built, by its path. */
const built = vi.hoisted(() => new Map<string, string>());

/** The packages that only some stacks need are not installed here: what is used of them. */
vi.mock("../components/pulumi-packages", async (original) => ({
  ...(await original<object>()),
  neededPackages: () => missing,
  loadPackage: () => ({
    remote: {
      Command: class extends pulumi.CustomResource {
        constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
          super("command:remote:Command", name, args, opts);
        }
      },
    },
    Provider: class extends pulumi.ProviderResource {
      constructor(name: string, args: pulumi.Inputs, opts: pulumi.ResourceOptions) {
        super("kubernetes", name, args, opts);
      }
    },
    ConfigGroup: class extends pulumi.ComponentResource {
      constructor(name: string, args: pulumi.Inputs, opts: pulumi.ComponentResourceOptions) {
        super("kubernetes:yaml/v2:ConfigGroup", name, args, opts, true);
      }
    },
  }),
}));
let missing: readonly { path: string; reason: string }[] = [];

/** What is not installed in this test. Defaults to nothing. */
export function lacks(packages: readonly { path: string; reason: string }[]): void {
  missing = packages;
}

export const healthy: Facts = {
  machine: "riscv64",
  kernel: "6.12.0",
  hostname: "LicheePi",
  address: "192.0.2.7",
  os: "Debian GNU/Linux 13 (trixie)",
  osId: "debian",
  osVersion: "13",
  packageManager: "apt",
  clockSeconds: Math.floor(Date.now() / 1000),
  cgroupVersion: 2,
  cgroupControllers: ["cpu", "memory", "pids"],
  memoryBytes: 8e9,
  swapBytes: 0,
  cpus: 4,
  pageSize: 4096,
  bootId: "00000000-0000-4000-8000-000000000000",
  systemdVersion: 257,
  diskFreeBytes: 1e10,
  hostPrograms: ["iptables"],
  forwards: true,
  k3sFiles: [],
  k3sEnvironment: {},
};
let facts: Facts;
let factsOf: Readonly<Record<string, Partial<Facts>>>;

/**
 * What boards say of themselves in this test. Defaults to {@link healthy}.
 *
 * @param others - what a board says in another way, by its host.
 */
export function boardSays(said: Facts, others: Readonly<Record<string, Partial<Facts>>> = {}): void {
  facts = said;
  factsOf = others;
}

let program: ProgramFacts;

/** What boards say of a k3s that they have themselves. Defaults to nothing. */
export function boardHas(found: ProgramFacts): void {
  program = found;
}

let boardFiles: Readonly<Record<string, string>> = {};

/** Texts of files that boards have, by path, in this test. Defaults to none. */
export function boardHasFiles(files: typeof boardFiles): void {
  boardFiles = files;
}

let otherStacks: Readonly<Record<string, object>> = {};

/** What other stacks have as their outputs, by their names, in this test. Defaults to none. */
export function stacksHave(outputs: typeof otherStacks): void {
  otherStacks = outputs;
}

let rotations = 0;

/** How often the server's token has been rotated, in this test. Defaults to never. */
export function tokenWasRotated(times: number): void {
  rotations = times;
}

/** The agents' token as the server has it. */
export const agentToken = `K10${"0".repeat(64)}::node:agent-secret-1`;

export const directory = mkdtempSync(join(tmpdir(), "k3s-board-stack-"));
export const k3s = join(directory, "k3s");
/** RISC-V with the double-float ABI. */
writeFileSync(k3s, elfBytes({ machine: 243, flags: 4 }));
afterAll(() => rmSync(directory, { recursive: true }));

export const secrets = { password: "registry-password-1", token: "server-token-1", sudo: "sudo-password-1" };
export const good = {
  board: {
    host: "board.example",
    arch: "riscv64",
    hostKey: "ssh-ed25519 AAAA",
    user: "me",
    sudoPassword: secrets.sudo,
  },
  k3s: { version: "v1.36.3+k3s1", source: { path: k3s }, token: secrets.token },
};

beforeEach(async () => {
  missing = [];
  otherStacks = {};
  tokenWasRotated(0);
  boardHasFiles({});
  boardSays(healthy);
  boardHas({ there: false, header: "", unit: "not-found" });
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, type, inputs }) => ({
        id: `${name}-id`,
        state: {
          ...{ sha256: "11", installedVersion: "1", attempt: "1", token: agentToken },
          ...(inputs as object),
          ...(type === "board:index:TokenRotation" ? { rotations } : {}),
          ...(type === "board:index:Reboot"
            ? { rebooted: `boot after ${name}`, formerBoot: `boot before ${name}` }
            : {}),
          ...(type === "board:index:Kubeconfig" ? { kubeconfig: "kubeconfig-text-1" } : {}),
          ...(type === "pulumi:pulumi:StackReference"
            ? { outputs: otherStacks[String((inputs as { name?: unknown }).name)] ?? {} }
            : {}),
        },
      }),
      call: ({ token, inputs }) => {
        const { connection, path } = inputs as { connection: { host: string }; path?: string };
        if (token === "board:index:getProgram") return { ...program };
        if (token === "board:index:getFile") return { content: boardFiles[path ?? ""] };
        return { ...facts, ...factsOf[connection.host] };
      },
    },
    "k3s-board",
    "test",
  );
});

export async function deploy(values: Record<string, unknown> = {}) {
  const outputs = await k3sServerStack(parseK3sConfig({ ...good, ...values }));
  await pulumi.runtime.disconnect();
  return outputs;
}

/** {@link good} with kubeadm in place of k3s. */
export async function deployKubeadm(kubeadm: Record<string, unknown> = {}, values: Record<string, unknown> = {}) {
  const { k3s: _k3s, ...others } = good;
  const config = parseStackConfig({ ...others, kubeadm: { version: "v1.36.3", ...kubeadm }, ...values });
  if (!("kubeadm" in config)) throw new Error("this is no stack with kubeadm");
  const outputs = await kubeadmStack(config);
  await pulumi.runtime.disconnect();
  return outputs;
}

/** A stack whose agents join the cluster of another one. */
export async function deployAgents(values: Record<string, unknown>) {
  const outputs = await joinStack(parseJoinStackConfig(values));
  await pulumi.runtime.disconnect();
  return outputs;
}

/** Everything that must be there before a resource, directly or not. A resource stands for what is inside of it. */
export function before(name: string): Set<string> {
  const found = new Set<string>();
  const visit = (one: string) => {
    for (const other of find(one)?.dependencies ?? []) {
      if (found.has(other)) continue;
      found.add(other);
      visit(other);
    }
  };
  visit(name);
  return found;
}

/** The inputs with every secret cut out. */
export function inClear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inClear);
  if (!isObject(value)) return value;
  if (pulumi.runtime.isRpcSecret(value)) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inClear(inner)]));
}

/** A file of a service by the end of its path; `[secret]` where its content is one. */
export function fileOf(service: string, name: string): unknown {
  const files = inClear(find(service)?.inputs.files);
  const found: unknown = Array.isArray(files)
    ? files.find((file) => isObject(file) && String(file.path).endsWith(name))
    : undefined;
  return isObject(found) ? found.content : undefined;
}

export const coredns = "docker.io/rancher/mirrored-coredns-coredns:1.14.6";
export const web = { yaml: "apiVersion: v1\nkind: Namespace\nmetadata: { name: web }\n" };
export const withK3s = (k3s: object) => ({ k3s: { ...good.k3s, ...k3s } });
