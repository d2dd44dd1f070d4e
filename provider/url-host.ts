/** An address or name as the host of a URL, and in front of a port: IPv6 addresses are in brackets there. */
export function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
