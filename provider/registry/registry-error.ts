/** What kind of trouble a {@link RegistryError} is. */
export type RegistryTrouble =
  /** Nobody answers at the address. */
  | "unreachable"
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
