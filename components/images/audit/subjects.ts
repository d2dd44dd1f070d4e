import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RegistryClient, type RegistryOptions } from "../../../provider/registry/client";
import { Limit } from "../../../provider/ssh/limit";
import type { Progress } from "../../../tools/progress";
import { type RegistriesConfig, repositoryIn, upstreamFor } from "../../registry/upstreams";
import type { Platform } from "../image";
import { parsePulledImage } from "../reference";
import type { AllowedProgram } from "./allow";
import { auditImage } from "./audit";
import { openLocalImages } from "./local";
import type { ImageAudit } from "./result";
import type { ImageStore } from "./store";

/** Something to audit. */
export interface Subject {
  /** Full image name, or a path. */
  readonly name: string;
  /** Who asks for it: `k3s`, `Deployment default/web, container web`. */
  readonly askedBy?: string;
  /** How the board gets it, where a stack has decided that, and why. */
  readonly planned?: { readonly strategy: string; readonly reason: string };
  readonly source:
    /** A registry under the name that images have in front. */
    | { readonly kind: "registry" }
    /** A registry at an address, under a digest. */
    | {
        readonly kind: "address";
        readonly registry: RegistryOptions;
        readonly repository: string;
        readonly digest: string;
      }
    /** A layout or archive on this machine. */
    | { readonly kind: "local"; readonly path: string };
}

/** A subject with what came out. */
export type AuditedSubject = Omit<Subject, "source"> &
  ({ readonly audit: ImageAudit } | { /** Why it could not be looked at. */ readonly error: string });

/** How subjects are audited. */
export interface SubjectArgs {
  readonly platform: Platform;
  readonly pageSize: number;
  readonly registries: RegistriesConfig;
  readonly allow: readonly AllowedProgram[];
  readonly progress: Progress;
}

/** Registries that are asked, and archives that are read, at a time. */
const atOnce = 4;

/**
 * What a user wrote: a path where something is there, else an image name.
 *
 * @param base - directory that relative paths start from.
 * @throws for what is neither.
 */
export function subjectOf(text: string, base: string): Subject {
  const path = resolve(base, text);
  if (existsSync(path)) return { name: text, source: { kind: "local", path } };
  if (/^\.{0,2}\//.test(text)) throw new Error(`there is no ${path}`);
  return { name: parsePulledImage(text).name, source: { kind: "registry" } };
}

/** Audits everything; what cannot be looked at does not keep the others from it. An archive gives as many results as it has images. */
export async function auditSubjects(subjects: readonly Subject[], args: SubjectArgs): Promise<AuditedSubject[]> {
  const clients = new Clients(args.registries);
  const limit = new Limit(atOnce);
  try {
    const results = await Promise.all(
      subjects.map(({ source, ...subject }) =>
        limit.run(async () => {
          try {
            return await auditOne(subject, source, clients, args);
          } catch (error) {
            return [{ ...subject, error: (error as Error).message }];
          }
        }),
      ),
    );
    return results.flat();
  } finally {
    clients.close();
  }
}

async function auditOne(
  subject: Omit<Subject, "source">,
  source: Subject["source"],
  clients: Clients,
  { platform, pageSize, allow, progress }: SubjectArgs,
): Promise<AuditedSubject[]> {
  const audit = (store: ImageStore, repository: string, reference: string, name = subject.name) =>
    progress.step(`reading ${name}`, (note) =>
      auditImage({ store, repository, reference, platform, pageSize, name, allow, note }),
    );
  switch (source.kind) {
    case "registry": {
      const { registry, repository, reference, name } = parsePulledImage(subject.name);
      return [
        {
          ...subject,
          name,
          audit: await audit(await clients.of(registry), repositoryIn(registry, repository), reference),
        },
      ];
    }
    case "address": {
      const client = clients.at(source.registry);
      return [{ ...subject, audit: await audit(client, source.repository, source.digest) }];
    }
    case "local": {
      const local = await openLocalImages(source.path);
      try {
        const results: AuditedSubject[] = [];
        for (const { name, reference } of local.images) {
          // A stack knows the layout's image by the name that the board asks for.
          const shown = subject.planned ? subject.name : name;
          results.push({ ...subject, name: shown, audit: await audit(local.store, shown, reference, shown) });
        }
        return results;
      } finally {
        await local.close();
      }
    }
  }
}

/** One client a registry. */
class Clients {
  readonly #open: RegistryClient[] = [];
  readonly #named = new Map<string, Promise<RegistryClient>>();

  constructor(private readonly registries: RegistriesConfig) {}

  of(registry: string): Promise<RegistryClient> {
    const known =
      this.#named.get(registry) ?? upstreamFor(registry, this.registries).then((upstream) => this.at(upstream));
    this.#named.set(registry, known);
    return known;
  }

  at(registry: RegistryOptions): RegistryClient {
    const client = new RegistryClient(registry);
    this.#open.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#open) client.close();
  }
}
