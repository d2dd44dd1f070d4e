import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { CommandError, runCommand } from "../../tools/command";

/** A login for a registry. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

const helperName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, "expected the part of the helper's name after docker-credential-");

/** What is read of Docker's config.json; the rest of it is none of our business. */
const dockerConfigSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .default({}),
  credHelpers: z.record(z.string(), helperName).default({}),
  credsStore: helperName.optional(),
});

/** Docker's configuration, as far as logins go. */
export type DockerConfig = z.output<typeof dockerConfigSchema>;

const helperOutput = z.object({ Username: z.string(), Secret: z.string() });

/** The key under which `docker login` keeps Docker Hub's login. */
const dockerHubKey = "https://index.docker.io/v1/";
const dockerHubHosts: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** Seconds that a credential helper has; some ask a cloud, none asks a person. */
const helperSeconds = 30;

/** Where Docker keeps its configuration: below `$DOCKER_CONFIG`, or `~/.docker`. */
export function dockerConfigPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.DOCKER_CONFIG || join(homedir(), ".docker"), "config.json");
}

/**
 * Parses Docker's config.json. The error does not quote it, because it holds passwords.
 *
 * @throws with the path of the file and of what is wrong in it.
 */
export function parseDockerConfig(text: string, path: string): DockerConfig {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error(`${path} is not JSON; mend it, or set the registry's \`username\` and \`password\` in the stack`);
  }
  const parsed = dockerConfigSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`${path} is not a configuration of Docker: ${problems.join("; ")}`);
}

/** Keys under which Docker's configuration may have a registry, the most usual first. */
export function keysOf(host: string): readonly string[] {
  if (dockerHubHosts.has(host)) return [dockerHubKey, ...dockerHubHosts];
  return [host, `https://${host}`, `https://${host}/v1/`, `https://${host}/v2/`, `http://${host}`];
}

/** The login for a registry that stands in the configuration itself; `undefined` where there is none. */
export function storedLogin(config: DockerConfig, host: string): Login | undefined {
  for (const key of keysOf(host)) {
    const entry = config.auths[key];
    if (!entry) continue;
    const decoded = Buffer.from(entry.auth ?? "", "base64")
      .toString("utf8")
      .replace(/\0+$/, "");
    const [, user = "", pass = ""] = /^([^:]*):(.*)$/s.exec(decoded) ?? [];
    // An identity token takes the password's place, and the user name says so.
    if (entry.identitytoken) return { username: "<token>", password: entry.identitytoken };
    const username = entry.username || user;
    const password = entry.password || pass;
    if (username) return { username, password };
  }
  return undefined;
}

/** The credential helper for a registry and the name that it knows the registry by; `undefined` where the configuration has none. */
export function helperFor(config: DockerConfig, host: string): { helper: string; server: string } | undefined {
  for (const key of keysOf(host)) {
    const helper = config.credHelpers[key];
    if (helper) return { helper, server: key };
  }
  const [server = host] = keysOf(host);
  return config.credsStore ? { helper: config.credsStore, server } : undefined;
}

/**
 * The user's own login for a registry, as Docker has it: from a credential helper, or from the configuration file.
 *
 * @param host - registry as image names have it: `docker.io`, `ghcr.io`, `registry.example:5000`.
 * @param path - Defaults to {@link dockerConfigPath}.
 * @returns `undefined` where the user has not logged in there.
 * @throws when the configuration cannot be understood or its helper fails. Never with a secret.
 */
export async function dockerLogin(host: string, path = dockerConfigPath()): Promise<Login | undefined> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const config = parseDockerConfig(text, path);
  const helper = helperFor(config, host);
  return (helper && (await askHelper(helper.helper, helper.server))) ?? storedLogin(config, host);
}

/** Asks a credential helper by its protocol: the server on standard input, a login as JSON on standard output. */
async function askHelper(helper: string, server: string): Promise<Login | undefined> {
  const program = `docker-credential-${helper}`;
  let stdout: string;
  try {
    ({ stdout } = await runCommand(program, ["get"], { input: `${server}\n`, timeoutSeconds: helperSeconds }));
  } catch (error) {
    // Helpers say so on standard output (docker-credential-helpers, credentials.NewErrCredentialsNotFound).
    if (error instanceof CommandError && /credentials not found/i.test(error.message)) return undefined;
    const reason =
      error instanceof CommandError && error.code !== undefined ? `exit code ${error.code}` : "it did not run";
    throw new Error(
      `the credential helper ${program} does not tell the login for ${server} (${reason}). Log in again with docker login, or set the registry's \`username\` and \`password\` in the stack`,
      { cause: error },
    );
  }
  const parsed = helperOutput.safeParse(jsonOf(stdout));
  if (!parsed.success) {
    throw new Error(`the credential helper ${program} answers something else than a login for ${server}`);
  }
  const { Username: username, Secret: password } = parsed.data;
  return username === "" ? undefined : { username, password };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
