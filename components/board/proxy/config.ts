import { z } from "zod";

const proxyUrl = z
  .url({ protocol: /^https?$/ })
  // it is written into files of systemd and apt, where these end a value
  .regex(/^[^\s"'\\$;{}]+$/, "expected a URL without blanks, quotes, $, ; and braces (write them as %XX)");

/** What is told to use the proxy. */
export const proxyUsers = ["k3s", "packages", "docker"] as const;

/** The `board.proxy` section. */
export const proxyConfig = z
  .strictObject({
    http: proxyUrl.optional().describe("Proxy for `http://` addresses. A login in it is kept in files of root only."),
    https: proxyUrl
      .optional()
      .describe("Proxy for `https://` addresses, itself asked by http or https. Defaults to the one of `http`."),
    noProxy: z
      .array(z.string().regex(/^[^\s,"'\\$;{}]+$/, "expected a name, a domain such as .lan, an address or a network"))
      .default([])
      .describe(
        "What is asked directly besides loopback, the cluster's networks and names, the private registry and the board itself.",
      ),
    users: z
      .array(z.enum(proxyUsers))
      .min(1)
      .default(["k3s", "packages"])
      .describe(
        "Who is told: `k3s` with its containerd, `packages` (apt or dnf, whichever the board has), `docker` (the service of a Docker that is there; it restarts).",
      ),
  })
  .refine(({ http, https }) => http !== undefined || https !== undefined, "give http, https or both");

/** {@link proxyConfig} with defaults filled in. */
export type ProxyConfig = z.output<typeof proxyConfig>;
