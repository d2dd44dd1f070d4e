import type * as board from "../../provider";

/**
 * What k3s writes by itself on a node (`pkg/daemons/control/deps/deps.go`, `pkg/agent/config/config.go`).
 *
 * @param dataDir - its data directory.
 * @param begunDatastore - the datastore that its first start makes, encrypted with the token that it makes as well.
 */
export function programData(dataDir: string, begunDatastore: string | undefined): board.ServiceProgramDataArgs {
  const server = `${dataDir}/server`;
  const cluster = ["cred", "tls", "token", "node-token", "agent-token"].map((name) => `${server}/${name}`);
  return {
    directory: dataDir,
    unpackedPrograms: `${dataDir}/data`,
    credentials: [
      server,
      `${server}/cred`,
      `${server}/tls`,
      `${server}/tls/etcd`,
      `${dataDir}/agent`,
      "/etc/rancher/node",
    ],
    begins: begunDatastore === undefined ? [] : [begunDatastore, ...cluster],
  };
}
