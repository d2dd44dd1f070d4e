/** What kind of trouble a {@link RegistryError} is. */
export type RegistryTrouble =
  /** Nobody answers at the address, or what answers is out of order for longer than we wait. */
  | "unreachable"
  /** The registry wants fewer requests than this, for longer than we wait. */
  | "limited"
  /** The registry wants other credentials, or some at all. */
  | "unauthorized"
  /** The registry does not offer what was asked, such as deletion. */
  | "unsupported"
  /** What the registry has is not what its digest says. */
  | "digest"
  /** Any other refusal. */
  | "refused";

/** An error about one registry that a person can act on. Never holds a credential. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";

  constructor(
    readonly trouble: RegistryTrouble,
    /** Address of the registry, and from where it is seen. */
    readonly registry: string,
    what: string,
    remedy?: string,
    options?: ErrorOptions,
  ) {
    super(`registry ${registry}: ${what}.${remedy ? ` ${remedy}.` : ""}`, options);
  }
}

/** What an answer that is no success says: its status and, where the registry sends one, its own message. */
export function reasonOf({ status, body }: { readonly status: number; readonly body: Buffer }): string {
  const text = body.toString("utf8").slice(0, 2000);
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { code?: string; message?: string; detail?: unknown }[] };
    const said = errors.map(({ code, message, detail }) =>
      [code, message, detailOf(detail)].filter(Boolean).join(": "),
    );
    return [`HTTP ${status}`, ...said].join(", ");
  } catch {
    return [`HTTP ${status}`, text.trim().slice(0, 200)].filter(Boolean).join(", ");
  }
}

function detailOf(detail: unknown): string {
  return detail === undefined || detail === null ? "" : JSON.stringify(detail).slice(0, 300);
}

/** Codes of failures to connect. */
const connectFailures = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
]);

/** Codes of a certificate that is not trusted. */
const certificateFailures = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT)/;

/** Puts a failed HTTP exchange into words. `cause` is what the connection said. */
export function connectionError(registry: string, cause: unknown): RegistryError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  if (certificateFailures.test(code)) {
    return new RegistryError(
      "refused",
      registry,
      `its certificate is not trusted (${message})`,
      "Set `ca` to its CA's certificate",
      { cause },
    );
  }
  if (code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER" || code.startsWith("HPE_")) {
    return new RegistryError(
      "refused",
      registry,
      `what answers there speaks another protocol (${message})`,
      "Check http against https in its URL",
      { cause },
    );
  }
  if (connectFailures.has(code)) {
    return new RegistryError(
      "unreachable",
      registry,
      `it does not answer (${message})`,
      "Check that it is running and listens on that address",
      { cause },
    );
  }
  return new RegistryError("refused", registry, message, undefined, { cause });
}
