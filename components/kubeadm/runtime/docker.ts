import * as pulumi from "@pulumi/pulumi";
import * as board from "../../../provider";
import type { RegistryEndpoint } from "../../k3s/registries";
import {
  daemonJsonPath,
  daemonJsonText,
  type DaemonSettings,
  mergedDaemonJson,
  ownPart,
  ownPartPath,
  parseDaemonJson,
} from "./daemon-json";

/** Docker's configuration as a board has it. */
export interface DockerOnBoard {
  /** Text of daemon.json; absent where there is none. */
  readonly daemonJson?: string;
  /** What of it was ours the last time; absent where nothing was. */
  readonly ownPart?: string;
}

/** Reads Docker's configuration on a board. Works in a preview, and where there is no Docker yet. */
export async function dockerOnBoard(connection: board.ConnectionArgs): Promise<DockerOnBoard> {
  const [daemonJson, ours] = await Promise.all([
    board.getFile({ connection, path: daemonJsonPath }),
    board.getFile({ connection, path: ownPartPath }),
  ]);
  return {
    ...(daemonJson.content === undefined ? {} : { daemonJson: daemonJson.content }),
    ...(ours.content === undefined ? {} : { ownPart: ours.content }),
  };
}

/** The private registry as Docker needs it: its CA, and whether it may be asked without TLS. */
export interface DockerRegistry {
  readonly endpoint: RegistryEndpoint;
  /** The CA's certificate, PEM. Defaults to the public ones. */
  readonly ca?: string;
  /** Whether it has images under the names of docker.io. Defaults to false. */
  readonly isMirror?: boolean;
}

/** A login in an address, such as one of a proxy. */
const login = /:\/\/[^/\s"@]+@/;

/**
 * Files of Docker for a kubeadm board: daemon.json with the keys of others left as they are, the note of what in it is ours, and the private
 * registry's CA. A registry without TLS is told to Docker as one, except on loopback, which it asks without TLS by itself.
 *
 * @throws where the board's daemon.json cannot be read.
 */
export function dockerFiles(
  { cgroupDriver, registryMirrors, insecureRegistries }: DaemonSettings,
  there: DockerOnBoard,
  registry?: DockerRegistry,
): board.ServiceFileArgs[] {
  const { host, protocol } = registry === undefined ? {} : new URL(registry.endpoint.url);
  const isPlain = host !== undefined && protocol === "http:" && !/^(127\.|localhost|\[::1\])/.test(host);
  const wanted = ownPart({
    cgroupDriver,
    registryMirrors: [
      ...new Set([...(registry?.isMirror === true ? [registry.endpoint.url] : []), ...registryMirrors]),
    ],
    insecureRegistries: [...new Set([...insecureRegistries, ...(isPlain ? [host] : [])])],
  });
  const merged = mergedDaemonJson(
    parseDaemonJson(there.daemonJson, daemonJsonPath),
    parseDaemonJson(there.ownPart, ownPartPath),
    wanted,
  );
  const text = daemonJsonText(merged);
  return [
    { path: daemonJsonPath, content: login.test(text) ? pulumi.secret(text) : text },
    { path: ownPartPath, content: daemonJsonText(wanted) },
    ...(host === undefined || registry?.ca === undefined
      ? []
      : [{ path: `/etc/docker/certs.d/${host}/ca.crt`, content: registry.ca }]),
  ];
}
