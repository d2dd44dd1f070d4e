import { z } from "zod";

/** How to reach a board over SSH. Every resource carries it as a secret input that by itself never causes an update. */
export const connectionArgs = z.strictObject({
  /** Host name or address. */
  host: z.string().min(1),
  /** TCP port of sshd. Defaults to 22. */
  port: z.number().int().min(1).max(65535).default(22),
  /** Login name. Defaults to root; anybody else needs sudo. */
  user: z.string().min(1).default("root"),
  /** Accepted host keys, each `<type> <base64>` as in known_hosts behind the host. At least one: a board is never trusted blindly. */
  hostKeys: z.array(z.string().regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+$/)).min(1),
  /** Path of a private key file on this machine; `~` is expanded. Without it and without a password the SSH agent is asked. */
  identity: z.string().optional(),
  /** Passphrase of the private key file. */
  passphrase: z.string().optional(),
  /** Login password. */
  password: z.string().optional(),
  /** Password for sudo, where the user is not root and sudo asks for one. Handed over on stdin. */
  sudoPassword: z.string().optional(),
  /** Seconds until a connection attempt is given up. Defaults to 30. */
  connectTimeoutSeconds: z.number().positive().default(30),
  /** A host to go through, with its own key and login. */
  get jump() {
    return connectionArgs.optional();
  },
});

/** {@link connectionArgs} with defaults filled in. */
export type Connection = z.output<typeof connectionArgs>;
