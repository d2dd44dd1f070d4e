import { z } from "zod";

/** Whether an address is that of a host, and nothing else. */
function isBase(address: string): boolean {
  const { pathname, search, hash, username, password } = new URL(address);
  return pathname === "/" && [search, hash, username, password].every((part) => part === "");
}

/**
 * Base address of a registry. One with a path is refused: images would be pushed to the host's root, while k3s has containerd ask below a path
 * without `/v2` (`override_path`), where nothing is, so that it goes on to the registry upstream and nobody notices.
 */
export const baseAddress = z
  .url({ protocol: /^https?$/, error: "expected http://host:port or https://host:port" })
  .refine((address) => !URL.canParse(address) || isBase(address), {
    error:
      "expected http://host:port or https://host:port and nothing behind it: the registry protocol starts at /v2 of a host, and images are there under their own paths",
  });
