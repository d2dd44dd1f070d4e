import { loadAll, Schema, timestampTag, YAML11_SCHEMA, YAMLException } from "js-yaml";
import { isObject } from "../secrets";

/** Metadata of an object as far as it is looked at here. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
  readonly managedFields?: readonly { readonly manager?: string }[];
}

/** A Kubernetes object as it stands in a manifest or comes from an API server. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [property: string]: unknown;
}

/** An object and where it stands. */
export interface PlacedObject {
  /** `document 2`, or `document 2, item 1` in a list. Documents are counted from 1, empty ones too. */
  readonly place: string;
  readonly object: KubernetesObject;
}

/** What a manifest says. */
export interface ManifestDocuments {
  readonly objects: readonly PlacedObject[];
  /** One sentence each, with the place in front. */
  readonly problems: readonly string[];
}

/** YAML as Kubernetes reads it (sigs.k8s.io/yaml): 1.1, so that `yes` is true, but with dates as text. */
export const kubernetesYaml = new Schema(YAML11_SCHEMA.tags.filter((tag) => tag !== timestampTag));

/** What {@link readDocuments} has read, by text: a manifest is looked at by several that do not know of each other. */
const known = new Map<string, ManifestDocuments>();

/**
 * Reads the objects of a manifest and finds what k3s would refuse or only log: text that is no YAML, documents that are no objects, and
 * metadata of the wrong shape. Lists are taken apart, as k3s does.
 */
export function readDocuments(text: string): ManifestDocuments {
  const before = known.get(text);
  if (before !== undefined) return before;
  const read = readAnew(text);
  known.set(text, read);
  return read;
}

function readAnew(text: string): ManifestDocuments {
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema: kubernetesYaml });
  } catch (error) {
    return { objects: [], problems: [`not YAML: ${yamlTrouble(error)}`] };
  }
  const found = documents.flatMap((document, index) => entries(document, `document ${index + 1}`));
  if (found.length === 0) return { objects: [], problems: ["holds no object"] };
  return {
    objects: found.flatMap(({ value, place }) =>
      objectProblems(value).length === 0 ? [{ place, object: value as KubernetesObject }] : [],
    ),
    problems: found.flatMap(({ value, place }) => objectProblems(value).map((problem) => `${place}: ${problem}`)),
  };
}

function yamlTrouble(error: unknown): string {
  if (!(error instanceof YAMLException)) return error instanceof Error ? error.message : String(error);
  return error.mark === undefined
    ? error.reason
    : `line ${error.mark.line + 1}, column ${error.mark.column + 1}: ${error.reason}`;
}

/** The objects of a document: none of an empty one, the items of a list. */
function entries(document: unknown, place: string): { value: unknown; place: string }[] {
  if (document === null || document === undefined) return [];
  if (isObject(document) && typeof document.kind === "string" && document.kind.endsWith("List")) {
    const { items } = document;
    if (Array.isArray(items))
      return items.map((value: unknown, index) => ({ value, place: `${place}, item ${index + 1}` }));
  }
  return [{ value: document, place }];
}

function objectProblems(value: unknown): string[] {
  if (!isObject(value)) return [`expected an object with apiVersion, kind and metadata, got ${describe(value)}`];
  const title = typeof value.kind === "string" ? `${value.kind}: ` : "";
  return [
    ...(isVersion(value.apiVersion) ? [] : [`${title}apiVersion: ${missing(value.apiVersion, "v1 or apps/v1")}`]),
    ...(isText(value.kind) ? [] : [`kind: ${missing(value.kind, "Deployment")}`]),
    ...metadataProblems(value.metadata).map((problem) => `${title}${problem}`),
  ];
}

function metadataProblems(metadata: unknown): string[] {
  if (!isObject(metadata)) return [`metadata: ${missing(metadata, "{ name: web }")}`];
  const { name, namespace, generateName } = metadata;
  const nameProblem =
    name === undefined && generateName !== undefined
      ? ["metadata.name: is missing; k3s applies objects by name, so that generateName does not do"]
      : isText(name) && !/[/%]/.test(name) && name !== "." && name !== ".."
        ? []
        : [`metadata.name: ${missing(name, "web")}`];
  const namespaceProblem =
    namespace === undefined || (typeof namespace === "string" && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace))
      ? []
      : [`metadata.namespace: expected lower-case letters, digits and dashes, got ${describe(namespace)}`];
  return [...nameProblem, ...namespaceProblem, ...["labels", "annotations"].flatMap((key) => textMap(metadata, key))];
}

/** Labels and annotations are texts; a number or `true` without quotes is the usual mistake. */
function textMap(metadata: Readonly<Record<string, unknown>>, key: string): string[] {
  const map = metadata[key];
  if (map === undefined || map === null) return [];
  if (!isObject(map)) return [`metadata.${key}: expected a map of texts, got ${describe(map)}`];
  return Object.entries(map).flatMap(([name, value]) =>
    typeof value === "string"
      ? []
      : [`metadata.${key}.${name}: expected a text, got ${describe(value)}: put it in quotes`],
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isVersion(value: unknown): boolean {
  return typeof value === "string" && /^([a-z0-9.-]+\/)?[a-z0-9]+$/.test(value);
}

function missing(value: unknown, example: string): string {
  return value === undefined || value === null || value === ""
    ? `is missing (such as ${example})`
    : `expected something like ${example}, got ${describe(value)}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return value === null ? "nothing" : "a map";
  return JSON.stringify(value) ?? typeof value;
}

/** How an object is named to people: `Deployment shop/web`. Without a namespace it is `default`'s, or nobody's. */
export function titleOf({ kind, metadata }: Pick<KubernetesObject, "kind" | "metadata">): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

/** What tells objects of one cluster apart. The version does not: an object can be written in several. */
export function identityOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return [group, kind, metadata.namespace ?? "default", metadata.name].join("|");
}
