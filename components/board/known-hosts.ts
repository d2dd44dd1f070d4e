import { createHmac } from "node:crypto";

/** How OpenSSH writes a host with a port in known_hosts: the bare name on port 22, `[name]:port` elsewhere. */
function hostField(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Whether a hashed name (`|1|salt|hash`, OpenSSH's HashKnownHosts) is this host. */
function hashMatches(pattern: string, host: string): boolean {
  const [, scheme, salt, hash] = pattern.split("|");
  if (scheme !== "1" || salt === undefined || hash === undefined) return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest("base64") === hash;
}

/**
 * The host keys that a known_hosts text has for a host.
 *
 * Plain and hashed names are understood; wildcards are not, and `@revoked` and `@cert-authority` lines are left out: a key is
 * accepted only where it was written down for exactly this host and port.
 *
 * @returns Each key as `<type> <base64>`; empty where the host is not known.
 */
export function hostKeysFromKnownHosts(text: string, host: string, port: number): string[] {
  const wanted = hostField(host, port);
  return text.split("\n").flatMap((line) => {
    const [names, type, key] = line.trim().split(/\s+/);
    if (!names || names.startsWith("#") || names.startsWith("@") || !type || !key) return [];
    const known = names
      .split(",")
      .some((name) => (name.startsWith("|") ? hashMatches(name, wanted) : name.toLowerCase() === wanted.toLowerCase()));
    return known ? [`${type} ${key}`] : [];
  });
}
