import { createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { dirname, join } from "node:path";
import { RegistryClient } from "../../provider/registry/client";
import { RegistryError } from "../../provider/registry/registry-error";
import { cacheDirectory } from "../../tools/cache";
import type { Progress } from "../../tools/progress";
import { type RegistriesConfig, type Upstream, upstreamFor } from "../registry/upstreams";
import type { AllowedProgram } from "./audit/allow";
import { auditImage } from "./audit/audit";
import type { ImageAudit } from "./audit/result";
import type { Answer } from "./choose";
import type { Platform } from "./image";
import { parsePulledImage } from "./reference";

/** How registries are asked. */
export interface Question {
  readonly registries: RegistriesConfig;
  readonly platform: Platform;
  /** Page size of the board's kernel in bytes. */
  readonly pageSize?: number;
  readonly allow?: readonly AllowedProgram[];
  readonly progress: Progress;
}

/**
 * Milliseconds that a registry has to take a TCP connection before it counts as unreachable. One that answers at all takes a tenth of that;
 * one behind a firewall that drops packets would hold up every preview for a minute.
 */
const connectMilliseconds = 800;

/**
 * Asks registries about images, all at once: what their tags point to, and for what was not looked at before, whether the programs fit. Answers
 * are kept, for runs in which a registry does not answer.
 *
 * @param names - full names, by tag or by digest.
 */
export async function askUpstream(names: readonly string[], question: Question): Promise<ReadonlyMap<string, Answer>> {
  const hosts = new Map<string, Promise<Reach>>();
  const reach = (registry: string) => {
    const known = hosts.get(registry) ?? reachable(registry, question.registries);
    hosts.set(registry, known);
    return known;
  };
  const entries = [...new Set(names)].map(
    async (name) => [name, await ask(name, await reach(parsePulledImage(name).registry), question)] as const,
  );
  try {
    return new Map(await Promise.all(entries));
  } finally {
    for (const host of await Promise.all(hosts.values())) if (host.kind === "open") host.client.close();
  }
}

type Reach =
  { readonly kind: "open"; readonly client: RegistryClient } | { readonly kind: "closed"; readonly why: string };

async function reachable(registry: string, registries: RegistriesConfig): Promise<Reach> {
  const upstream: Upstream = await upstreamFor(registry, registries);
  const why = await connectProblem(new URL(upstream.url));
  return why === undefined ? { kind: "open", client: new RegistryClient(upstream) } : { kind: "closed", why };
}

/** Why nobody takes a TCP connection there; `undefined` when somebody does. */
async function connectProblem(url: URL): Promise<string | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const limit = new Promise<string>((resolve) => {
    setTimeout(
      () => resolve(`no connection to ${url.host} within ${connectMilliseconds} ms`),
      connectMilliseconds,
    ).unref();
  });
  const connect = async () => {
    try {
      await lookup(host);
    } catch (error) {
      return `the name ${host} is not known: ${(error as NodeJS.ErrnoException).code ?? ""}`;
    }
    return new Promise<string | undefined>((resolve) => {
      const socket = createConnection({ host, port });
      socket.unref();
      socket.once("connect", () => {
        socket.destroy();
        resolve(undefined);
      });
      socket.once("error", (error) => resolve(error.message));
      setTimeout(() => socket.destroy(), connectMilliseconds).unref();
    });
  };
  return Promise.race([connect(), limit]);
}

async function ask(name: string, reach: Reach, question: Question): Promise<Answer> {
  const { platform } = question;
  if (reach.kind === "closed") return unreachable(name, platform, reach.why);
  const { repository, reference } = parsePulledImage(name);
  try {
    const audit = await question.progress.step(`looking at ${name}`, (note) =>
      auditImage({
        store: reach.client,
        repository,
        reference,
        platform,
        name,
        note,
        ...(question.pageSize === undefined ? {} : { pageSize: question.pageSize }),
        ...(question.allow === undefined ? {} : { allow: question.allow }),
      }),
    );
    await remember(name, platform, audit);
    return { kind: "audited", audit };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.trouble === "digest") throw error;
    if (error.trouble === "unauthorized") return { kind: "denied", why: error.message };
    return unreachable(name, platform, error.message);
  }
}

async function unreachable(name: string, platform: Platform, why: string): Promise<Answer> {
  const remembered = await recall(name, platform);
  return { kind: "unreachable", why, ...(remembered === undefined ? {} : { remembered }) };
}

function memoryOf(name: string, platform: Platform): string {
  const key = createHash("sha256")
    .update(JSON.stringify([name, platform]))
    .digest("hex")
    .slice(0, 32);
  return join(cacheDirectory("upstream-answers"), key, "audit.json");
}

async function remember(name: string, platform: Platform, audit: ImageAudit): Promise<void> {
  const path = memoryOf(name, platform);
  await mkdir(dirname(path), { recursive: true });
  const staged = `${path}.${process.pid}`;
  await writeFile(staged, JSON.stringify(audit));
  await rename(staged, path);
}

async function recall(name: string, platform: Platform): Promise<ImageAudit | undefined> {
  try {
    return JSON.parse(await readFile(memoryOf(name, platform), "utf8")) as ImageAudit;
  } catch {
    return undefined;
  }
}
