import { z } from "zod";
import { architectures } from "./architecture";
import { packageMirrorsConfig } from "./packages/config";
import { prerequisitesConfig } from "./prerequisites/config";
import { proxyConfig } from "./proxy/config";

const hostKey = z
  .string()
  .regex(
    /^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$/,
    "expected '<type> <base64>', as `ssh-keyscan` prints it behind the host",
  );

/** A login on a host. */
const login = {
  host: z.string().min(1).describe("Host name or address of the board."),
  port: z.number().int().min(1).max(65535).default(22).describe("TCP port of sshd."),
  user: z.string().min(1).default("root").describe("Login name. Anybody but root needs sudo on the board."),
  identity: z
    .string()
    .optional()
    .describe("Path of a private key file; `~` is expanded. Without it and without a password the SSH agent is asked."),
  passphrase: z.string().optional().describe("Passphrase of the private key (a config secret)."),
  password: z.string().optional().describe("Login password (a config secret)."),
  hostKey: z
    .union([hostKey, z.array(hostKey).min(1)])
    .optional()
    .describe("The host key, or all that are accepted, each `<type> <base64>`. Without it `knownHosts` is read."),
  knownHosts: z
    .string()
    .default("~/.ssh/known_hosts")
    .describe("File of known host keys, read where `hostKey` is not set. A host that it does not know is refused."),
};

/** The `board` section: where the board is, how to log in and what it is. */
export const boardConfig = z.strictObject({
  ...login,
  sudoPassword: z
    .string()
    .optional()
    .describe("Password for sudo where `user` is not root and sudo asks (a config secret)."),
  jump: z.strictObject(login).optional().describe("A host to go through."),
  arch: z
    .enum(architectures)
    .describe("Architecture of the board. Checked against the board's own word before anything is touched."),
  connectTimeoutSeconds: z.number().positive().default(30).describe("Seconds until a connection attempt is given up."),
  proxy: proxyConfig.optional().describe("The proxy through which the board reaches other hosts."),
  packageMirrors: packageMirrorsConfig
    .default({})
    .describe(
      "Further places for packages of the board's distribution, by a name, each with the key that its packages are signed with. The files go again with " +
        "the stack; a key that dnf has taken into its database stays there.",
    ),
  prerequisites: prerequisitesConfig
    .optional()
    .describe("What the board has to be like before k3s. Nothing of it changes without being named here."),
});

/** {@link boardConfig} with defaults filled in. */
export type BoardConfig = z.output<typeof boardConfig>;

/** What of {@link boardConfig} says where a board is and how to log in, for commands that need no stack. */
export const boardLogin = boardConfig.omit({ arch: true, packageMirrors: true, prerequisites: true });
