import { z } from "zod";
import { parseChallenge, tokenEnd, tokenUrl, type Challenge } from "./challenge";
import type { Exchange } from "./exchange";
import { RegistryError, reasonOf } from "./registry-error";
import type { Answer } from "./transport";

/** A login. The user name `<token>` means that the password is an identity token, as credential helpers hand them out. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What an {@link Authorizer} needs to know of its server. */
export interface AuthorizerOptions {
  readonly base: URL;
  /** Address of the registry, for messages. */
  readonly label: string;
  /** Without it, only what everybody may do is possible. */
  readonly credentials?: Credentials | undefined;
  /** Whether the server is reached in another way than directly, so that its loopback is not ours. */
  readonly tunnelled: boolean;
  /** Sends a request to whatever server its URL names. */
  readonly exchange: (request: Exchange) => Promise<Answer>;
}

interface Known {
  readonly authorization: string;
  /** Milliseconds since 1970; a login has no end. */
  readonly end: number;
  readonly challenge: Challenge;
}

/** User name by which a credential helper marks an identity token (docker/docker-credential-helpers). */
const identityTokenUser = "<token>";

const tokenAnswer = z.object({
  token: z.string().min(1).optional(),
  access_token: z.string().min(1).optional(),
  expires_in: z.number().optional(),
});

/** Names of this machine itself. */
const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** Knows how to be let in at one server: by a login, or by a token for each repository, renewed before it ends. */
export class Authorizer {
  /** By repository; the empty name is for all. */
  readonly #known = new Map<string, Known>();

  constructor(private readonly options: AuthorizerOptions) {}

  /** The Authorization header that let us in before; `undefined` where none was asked for yet. */
  async header(repository: string): Promise<string | undefined> {
    const known = this.#known.get(repository) ?? this.#known.get("");
    if (known === undefined || Date.now() < known.end) return known?.authorization;
    return this.#answer(repository, known.challenge);
  }

  /** The Authorization header that a refused request (401) needs. */
  async challenged(repository: string, header: string | undefined): Promise<string> {
    const challenge = parseChallenge(header ?? "");
    if (!challenge) {
      const what = "it refuses access, and asks for credentials in a way that is not supported";
      throw new RegistryError("unauthorized", this.options.label, what);
    }
    return this.#answer(repository, challenge);
  }

  /** The error for credentials, or none, that did not do. */
  refused(repository: string): RegistryError {
    const { label, credentials } = this.options;
    return credentials
      ? new RegistryError(
          "unauthorized",
          label,
          "it refuses the user name or the password",
          "Check `username` and `password` of the registry",
        )
      : new RegistryError(
          "unauthorized",
          label,
          `it wants a user name and a password${repository ? ` for ${repository}, or has no such repository` : ""}`,
          "Set `username` and `password` of the registry",
        );
  }

  async #answer(repository: string, challenge: Challenge): Promise<string> {
    if (challenge.scheme === "basic") {
      if (!this.options.credentials) throw this.refused("");
      const authorization = basic(this.options.credentials);
      this.#known.set("", { authorization, end: Number.POSITIVE_INFINITY, challenge });
      return authorization;
    }
    const asked = Date.now();
    const answer = await this.options.exchange(this.#tokenRequest(challenge));
    if (answer.status === 401 || answer.status === 403) throw this.refused(repository);
    const { host } = new URL(challenge.realm, this.options.base);
    if (answer.status !== 200) {
      throw new RegistryError("refused", this.options.label, `asking ${host} for a token failed: ${reasonOf(answer)}`);
    }
    const said = tokenAnswer.safeParse(parsed(answer.body));
    const token = said.data?.token ?? said.data?.access_token;
    if (token === undefined) throw new RegistryError("refused", this.options.label, `${host} answers without a token`);
    const authorization = `Bearer ${token}`;
    this.#known.set(repository, { authorization, end: tokenEnd(said.data ?? {}, asked), challenge });
    return authorization;
  }

  #tokenRequest(challenge: Extract<Challenge, { scheme: "bearer" }>): Exchange {
    const { base, credentials, label, tunnelled } = this.options;
    const url = tokenUrl(challenge, base);
    if (!credentials) return { method: "GET", url };
    const guarded = url.protocol === "https:" || (!tunnelled && loopback.test(url.hostname));
    if (url.origin !== base.origin && !guarded) {
      const what = `it sends to ${url.origin} for a token, and credentials do not go there without TLS`;
      throw new RegistryError("unauthorized", label, what);
    }
    if (credentials.username !== identityTokenUser) {
      return { method: "GET", url, headers: { authorization: basic(credentials) } };
    }
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "k3s-board",
      refresh_token: credentials.password,
      ...(challenge.service ? { service: challenge.service } : {}),
      ...(challenge.scope ? { scope: challenge.scope } : {}),
    });
    return {
      method: "POST",
      url: new URL(challenge.realm, base),
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(form.toString()),
    };
  }
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
