import { readFileSync } from "node:fs";
import { z } from "zod";
import { expandHome } from "../../provider/local-paths";
import { baseAddress } from "./base-address";
import { dockerLogin } from "./docker-config";
import { wholeLogin } from "./whole-login";

const hostPattern =
  /^(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9-]+)(?=:\d))(?::\d+)?$/;

const registryHost = z.string().superRefine((host, context) => {
  if (hostPattern.test(host)) return;
  const message = `'${host}' is not a registry as image names have it, such as docker.io or registry.example:5000`;
  context.addIssue({ code: "custom", message });
});

const upstream = z
  .strictObject({
    url: baseAddress
      .optional()
      .describe(
        "Where this registry is really asked: a mirror or a proxy of it. Defaults to https and the name itself; for docker.io https://registry-1.docker.io.",
      ),
    ca: z.string().optional().describe("Path of the PEM certificate of its CA, where the public ones do not do."),
    username: z
      .string()
      .min(1)
      .optional()
      .describe("User name. Defaults to the login of `docker login` on this machine, where there is one."),
    password: z.string().min(1).optional().describe("Password or access token (a config secret)."),
  })
  .superRefine(wholeLogin);

/** The `registries` section: the registries that images come from, by the name that images have in front. */
export const registriesConfig = z
  .record(registryHost, upstream)
  .describe("How this machine reads from registries, by the name images have in front, such as `docker.io`.");

/** {@link registriesConfig}, parsed. */
export type RegistriesConfig = z.output<typeof registriesConfig>;

/** A registry that images come from: an address for `RegistryClient` and for the `upstream` of a `RegistryImage`. */
export interface Upstream {
  /** Base address, without `/v2`. */
  readonly url: string;
  /** PEM certificate of its CA. */
  readonly ca?: string;
  readonly username?: string;
  /** Secret. */
  readonly password?: string;
}

/** Names of Docker Hub; images have the first. */
const dockerHubNames: readonly string[] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/** Registry names that Docker reaches without TLS where nothing else is said: this machine. */
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/** The name of a registry as full image names have it: Docker Hub has more than one. */
export function registryName(host: string): string {
  const name = host.toLowerCase();
  return dockerHubNames.includes(name) ? "docker.io" : name;
}

/** The repository that a registry has an image under: Docker Hub's own images lie under `library/`. */
export function repositoryIn(host: string, repository: string): string {
  return registryName(host) === "docker.io" && !repository.includes("/") ? `library/${repository}` : repository;
}

/** Where a registry is asked unless the configuration says otherwise. */
export function defaultUrl(host: string): string {
  const name = registryName(host);
  if (name === "docker.io") return "https://registry-1.docker.io";
  return `${loopback.test(name) ? "http" : "https"}://${name}`;
}

/**
 * How to reach a registry that images come from. Its login is the configuration's, else the user's own by `docker login`. That one is not used
 * for another address than the registry's own: a mirror gets only what the configuration gives it.
 *
 * @param host - registry as image names have it: `docker.io`, `ghcr.io`, `registry.example:5000`.
 * @param login - finds the user's own login. Defaults to {@link dockerLogin}.
 * @throws when the CA's certificate or Docker's configuration cannot be read.
 */
export async function upstreamFor(
  host: string,
  registries: RegistriesConfig,
  login: typeof dockerLogin = dockerLogin,
): Promise<Upstream> {
  const name = registryName(host);
  const entry = Object.entries(registries).find(([key]) => registryName(key) === name)?.[1];
  const url = (entry?.url ?? defaultUrl(name)).replace(/\/$/, "");
  const given =
    entry?.username === undefined ? undefined : { username: entry.username, password: entry.password ?? "" };
  const own = given ?? (entry?.url === undefined ? await login(name) : undefined);
  return {
    url,
    ...(entry?.ca === undefined ? {} : { ca: certificate(name, entry.ca) }),
    ...(own ?? {}),
  };
}

function certificate(host: string, path: string): string {
  try {
    return readFileSync(expandHome(path), "utf8");
  } catch (error) {
    throw new Error(`registries.${host}.ca: ${path} cannot be read (${(error as Error).message})`, { cause: error });
  }
}
