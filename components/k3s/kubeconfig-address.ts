/** Names and addresses that the API server's certificate must carry so that the kubeconfig output works from outside. */
export function tlsSans(kubeconfigServer: string, configured: unknown): string[] {
  const own = new URL(kubeconfigServer).hostname.replace(/^\[|\]$/g, "");
  const given = Array.isArray(configured)
    ? configured.map(String)
    : typeof configured === "string"
      ? configured.split(",")
      : [];
  return [...new Set([...given, own])];
}
