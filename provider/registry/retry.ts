/** How long a client puts up with a registry in trouble. */
export interface Patience {
  /** How often a request is repeated. Defaults to 5. */
  readonly retries?: number;
  /** Longest wait that a registry may ask for (`Retry-After`), in seconds; where it asks for more, the request fails. Defaults to 120. */
  readonly longestWaitSeconds?: number;
}

/** {@link Patience} where nothing is said. */
export const defaultPatience = { retries: 5, longestWaitSeconds: 120 } as const;

/**
 * Seconds that a `Retry-After` header asks for: it has a number of seconds or a date (RFC 9110, 10.2.3).
 *
 * @param now - milliseconds since 1970.
 * @returns `undefined` without the header, or where it says nothing that can be understood.
 */
export function retryAfterSeconds(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  // Anything else that Date.parse takes, such as "-5", is no HTTP date.
  const date = /[A-Za-z]{3}/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** Milliseconds before retry number `attempt`, which starts at 1, where nobody says how long: half a second, doubled each time, at most 8 s. */
export function backoffMilliseconds(attempt: number): number {
  return Math.min(8000, 500 * 2 ** (attempt - 1));
}

/** Statuses by which a server says that it has not done anything with the request; it may be repeated whatever it was. */
export const declined: ReadonlySet<number> = new Set([429, 503]);

/** Statuses of a server, or of a proxy before it, in passing trouble. */
export const passing: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Failures that say that a connection which had been made broke; the others say that none could be made. */
const brokenCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** Failures to make a connection, or silence on it. */
const absentCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
]);

/**
 * Whether a failed connection is worth another try.
 *
 * @param answered - whether the server has answered before. One that was there is waited for; one that never was is reported at once.
 */
export function isPassingFailure(code: string | undefined, answered: boolean): boolean {
  return code !== undefined && (brokenCodes.has(code) || (answered && absentCodes.has(code)));
}
