/** How a registry wants to be asked: the WWW-Authenticate header taken apart. */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** Reads a WWW-Authenticate header; `undefined` for schemes that are neither Basic nor Bearer. */
export function parseChallenge(header: string): Challenge | undefined {
  const [scheme = "", rest = ""] = header.trim().split(/\s+(.*)/s);
  if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const parameters = new Map(
    [...rest.matchAll(/([A-Za-z]+)=(?:"([^"]*)"|([^\s,]+))/g)].map((match) => [
      (match[1] ?? "").toLowerCase(),
      match[2] ?? match[3] ?? "",
    ]),
  );
  const realm = parameters.get("realm");
  if (!realm) return undefined;
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
