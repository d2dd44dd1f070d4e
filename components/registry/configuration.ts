import { createHash } from "node:crypto";
import { basename } from "node:path";
import { hashSync } from "bcryptjs";
import { dump } from "js-yaml";
import type { BoardRegistryConfig } from "./config";

/** Where the registry's files lie on the board. */
export const registryPaths = {
  binary: "/usr/local/lib/k3s-board/registry",
  config: "/etc/k3s-board/registry.yml",
  htpasswd: "/etc/k3s-board/registry.htpasswd",
  certificate: "/etc/k3s-board/registry.crt",
  key: "/etc/k3s-board/registry.key",
} as const;

/** Name of the registry's unit; also of its state directory below /var/lib. */
export const registryUnitName = "k3s-board-registry";

/** Where systemd shows a unit its credentials (`LoadCredential`): the files themselves are root's, mode 0600. */
const credentials = `/run/credentials/${registryUnitName}.service`;

/** Configuration of CNCF distribution 3.x: storage on disk, deletion allowed, no other listener than its own. */
export function registryConfiguration(config: BoardRegistryConfig): string {
  return dump({
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: `/var/lib/${registryUnitName}` }, delete: { enabled: true } },
    http: {
      addr: `${config.listen}:${config.port}`,
      ...(config.tls === undefined
        ? {}
        : { tls: { certificate: `${credentials}/registry.crt`, key: `${credentials}/registry.key` } }),
    },
    ...(config.username === undefined
      ? {}
      : { auth: { htpasswd: { realm: "k3s-board", path: `${credentials}/registry.htpasswd` } } }),
  });
}

/** The registry's unit. Its user is systemd's to make (`DynamicUser`), so that nothing of it is left when it is gone. */
export function registryUnit(config: Pick<BoardRegistryConfig, "tls" | "username">): string {
  const loaded = [
    registryPaths.config,
    ...(config.tls === undefined ? [] : [registryPaths.certificate, registryPaths.key]),
    ...(config.username === undefined ? [] : [registryPaths.htpasswd]),
  ];
  return `[Unit]
Description=Private container registry of k3s-board
After=network.target

[Service]
ExecStart=${registryPaths.binary} serve ${credentials}/${basename(registryPaths.config)}
${loaded.map((path) => `LoadCredential=${basename(path)}:${path}`).join("\n")}
DynamicUser=yes
StateDirectory=${registryUnitName}
Environment=OTEL_TRACES_EXPORTER=none
ProtectSystem=strict
ProtectHome=yes
NoNewPrivileges=yes
Restart=always
RestartSec=2s

[Install]
WantedBy=multi-user.target
`;
}

/** bcrypt's own base64 alphabet. */
const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** 22 characters of salt. Derived, not drawn: the same login must give the same file, or every preview would show a change. */
function saltOf(username: string, password: string): string {
  const digest = createHash("sha256").update(`k3s-board\0${username}\0${password}`).digest();
  // the last of 22 characters carries two bits only
  const characters = [...digest.subarray(0, 22)].map(
    (byte, index) => bcryptAlphabet[index === 21 ? (byte & 3) << 4 : byte & 63],
  );
  return `$2b$10$${characters.join("")}`;
}

/** The registry's password file (htpasswd with bcrypt, the only hash that distribution takes). */
export function htpasswd(username: string, password: string): string {
  return `${username}:${hashSync(password, saltOf(username, password))}\n`;
}
