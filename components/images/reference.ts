import { registryName, repositoryIn } from "../registry/upstreams";

/** An image name taken apart, with the defaults that Docker and containerd fill in. */
export interface ImageReference {
  /** Registry, such as `docker.io`. */
  readonly registry: string;
  /** Path in the registry, such as `library/busybox`. */
  readonly repository: string;
  /** Tag, such as `latest`. */
  readonly tag: string;
}

/**
 * Takes an image name apart by Docker's rules: the first part is a registry where it has a dot, a colon or is `localhost`; docker.io's
 * one-part names lie under `library/`; no tag means `latest`.
 *
 * @throws Error for a name with a digest or with characters that registries do not take.
 */
export function parseImageReference(name: string): ImageReference {
  const match = /^(?:([^/]+)\/)?([^@]+?)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$/.exec(name);
  if (match === null || name.includes("@")) throw new Error(`'${name}' is not an image name with a tag`);
  const [, first, rest, tag = "latest"] = match as unknown as [string, string | undefined, string, string | undefined];
  const hasRegistry = first !== undefined && (/[.:]/.test(first) || first === "localhost");
  const registry = hasRegistry ? registryName(first) : "docker.io";
  const path = hasRegistry || first === undefined ? rest : `${first}/${rest}`;
  if (!/^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/.test(path)) {
    throw new Error(
      `'${name}' is not an image name: '${path}' may have lower-case letters, digits, '.', '_', '-' and '/' only`,
    );
  }
  return { registry, repository: repositoryIn(registry, path), tag };
}

/** The full name as containerd keeps it: `docker.io/library/busybox:1.37`. Without the registry in front, it does not find the image. */
export function fullName({ registry, repository, tag }: ImageReference): string {
  return `${registry}/${repository}:${tag}`;
}

/**
 * A name as k3s's bundled manifests spell it: without `docker.io/`. Since 1.35 kubelet remembers what it pulled under the spelling of the pod, and
 * refuses the same image under another spelling to a pod with `imagePullPolicy: Never` ("is not present with pull policy of Never").
 */
export function bundledSpelling(name: string): string {
  return name.replace(/^docker\.io\//, "");
}

/** An image as a pod names it: by tag or by digest. */
export interface PulledImage {
  readonly registry: string;
  readonly repository: string;
  /** Tag, or `sha256:…`, which is what a runtime goes by where a name has both. */
  readonly reference: string;
  /** Full name. */
  readonly name: string;
}

/** Like {@link parseImageReference}, for a name that may have a digest: `busybox@sha256:…`, `busybox:1.37@sha256:…`. @throws likewise. */
export function parsePulledImage(name: string): PulledImage {
  const at = name.indexOf("@");
  const parsed = parseImageReference(at < 0 ? name : name.slice(0, at));
  const { registry, repository } = parsed;
  if (at < 0) return { registry, repository, reference: parsed.tag, name: fullName(parsed) };
  const digest = name.slice(at + 1);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`'${name}' has no sha256 digest behind its @`);
  return { registry, repository, reference: digest, name: `${registry}/${repository}@${digest}` };
}
