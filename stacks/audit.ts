import type { AllowedProgram } from "../components/images/audit/allow";
import type { Subject } from "../components/images/audit/subjects";
import type { PlannedContent } from "../components/images/plan";
import { parsePulledImage } from "../components/images/reference";
import { calicoOf } from "../components/kubeadm/cni/network";
import { imagesInManifests } from "../components/manifests/images";
import { readManifests } from "../components/manifests/manifests";
import { manifestProblems } from "../components/manifests/validate";
import type { RegistriesConfig } from "../components/registry/upstreams";
import { k3sBinary } from "../components/k3s/binary";
import type { Progress } from "../tools/progress";
import { ConfigError, type KubeadmStackConfig, parseStackConfig, type StackConfig } from "./config";
import { type StackImages, stackImages } from "./images";
import { kubeadmImages } from "./kubeadm-images";

/** What the audit needs of a stack. */
export interface StackAudit {
  readonly architecture: StackConfig["board"]["arch"];
  readonly registries: RegistriesConfig;
  readonly allow: readonly AllowedProgram[];
  /** Everything that the board will be asked to run: what the stack plans, and what manifests and workloads name besides. Builds what has to be built. */
  readonly subjects: (args: SubjectsArgs) => Promise<Subject[]>;
}

/** What it takes to find out what a stack needs. */
export interface SubjectsArgs {
  /** Page size of the board's kernel in bytes. */
  readonly pageSize: number;
  readonly progress: Progress;
  /** Tells a person what the answer rests on. */
  readonly say: (sentence: string) => void;
}

/** Reads a stack's configuration for the audit. @throws ConfigError. */
export function stackAudit(values: Readonly<Record<string, unknown>>): StackAudit {
  const config = parseStackConfig(values);
  return {
    architecture: config.board.arch,
    registries: config.registries,
    allow: config.audit.allow,
    subjects: (args) => stackSubjects(config, args),
  };
}

async function stackSubjects(config: StackConfig | KubeadmStackConfig, args: SubjectsArgs): Promise<Subject[]> {
  const wrong = manifestProblems(config.manifests, config.workloads);
  if (wrong.length > 0) throw new ConfigError(wrong);
  const users = [...readManifests(config.manifests), ...readManifests(config.workloads)];
  const network = "kubeadm" in config ? (calicoOf(config.kubeadm)?.images ?? []) : [];
  const named = [...network, ...users.flatMap(({ content }) => imagesInManifests(content))];
  const askedBy = new Map(named.map(({ image, where }) => [parsePulledImage(image).name, where]));
  const {
    asker,
    system,
    images: planned,
  } = "kubeadm" in config
    ? { asker: "kubeadm", ...(await kubeadmImages(config, { ...args, arch: config.board.arch, network })) }
    : { asker: "k3s", ...(await k3sImages(config, args)) };
  const others = [...askedBy].filter(([name]) => !planned.some((image) => image.name === name));
  return [
    ...planned.map(({ name, strategy, reason, platformDigest, content }) => ({
      name,
      askedBy: askedBy.get(name) ?? (system.some((image) => image.name === name) ? asker : "the configuration"),
      planned: { strategy, reason },
      source: sourceOf(content, platformDigest),
    })),
    ...others.map(([name, where]): Subject => ({ name, askedBy: where, source: { kind: "registry" } })),
  ];
}

async function k3sImages(config: StackConfig, { pageSize, progress, say }: SubjectsArgs): Promise<StackImages> {
  const binary = await k3sBinary(config.k3s.source, config.board.arch, progress).catch((error: unknown) => {
    say(`the names of k3s's images are the table's, as the k3s binary is not to be had: ${(error as Error).message}`);
    return undefined;
  });
  return stackImages({ ...config, arch: config.board.arch }, { binary, pageSize, progress });
}

function sourceOf(content: PlannedContent, digest: string): Subject["source"] {
  if (content.kind === "layout") return { kind: "local", path: content.image.layout };
  const { url, ca, username, password } = content.registry;
  const registry = {
    url,
    ...(ca === undefined ? {} : { ca }),
    ...(username === undefined ? {} : { username }),
    // Only the program of a stack has passwords that are still to come.
    ...(typeof password === "string" ? { password } : {}),
  };
  return { kind: "address", registry, repository: content.repository, digest };
}
