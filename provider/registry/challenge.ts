/** How a registry wants to be asked: the WWW-Authenticate header taken apart. */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** Reads a WWW-Authenticate header; Bearer where it offers both, `undefined` for schemes that are neither Basic nor Bearer. */
export function parseChallenge(header: string): Challenge | undefined {
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/is.exec(header)?.[1];
  const parameters = new Map(
    [...(bearer ?? "").matchAll(/([A-Za-z]+)=(?:"([^"]*)"|([^\s,]+))/g)].map((match) => [
      (match[1] ?? "").toLowerCase(),
      match[2] ?? match[3] ?? "",
    ]),
  );
  const realm = parameters.get("realm");
  if (!realm) return /(?:^|,)\s*basic\b/i.test(header) ? { scheme: "basic" } : undefined;
  const service = parameters.get("service");
  const scope = parameters.get("scope");
  return { scheme: "bearer", realm, ...(service ? { service } : {}), ...(scope ? { scope } : {}) };
}

/** Where to ask for the token of a bearer challenge. */
export function tokenUrl(challenge: Extract<Challenge, { scheme: "bearer" }>, base: URL): URL {
  const url = new URL(challenge.realm, base);
  if (challenge.service) url.searchParams.set("service", challenge.service);
  for (const scope of challenge.scope?.split(" ") ?? []) url.searchParams.append("scope", scope);
  return url;
}

/**
 * When a token ends, in milliseconds since 1970, by the token server's answer: 60 s after it was issued unless it says more (the token
 * specification of CNCF distribution). A tenth of the time is left over, so that no token ends on its way.
 *
 * @param now - when it was asked for.
 */
export function tokenEnd(
  { expires_in: seconds = 60 }: { readonly expires_in?: number | undefined },
  now: number,
): number {
  return now + Math.max(seconds, 60) * 900;
}
