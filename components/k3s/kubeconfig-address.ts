/**
 * Names and addresses that the API server's certificate must carry.
 *
 * @param servers - addresses at which it is reached: that of the kubeconfig output, that of the agents.
 */
export function tlsSans(servers: readonly string[], configured: unknown): string[] {
  const own = servers.map((server) => new URL(server).hostname.replace(/^\[|\]$/g, ""));
  const given = Array.isArray(configured)
    ? configured.map(String)
    : typeof configured === "string"
      ? configured.split(",")
      : [];
  return [...new Set([...given, ...own])];
}
