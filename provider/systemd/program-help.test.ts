import { describe, expect, it } from "vitest";
import { flagsInHelp, helpProblem, unlistedFlags } from "./program-help";

/** As urfave/cli prints it since its version 2, in k3s 1.33 and newer. */
const second = `NAME:
   k3s server - Run management server

USAGE:
   k3s server [OPTIONS]

OPTIONS:
   --config FILE, -c FILE                                   (config) Load configuration from FILE (default: "/etc/rancher/k3s/config.yaml") [$K3S_CONFIG_FILE]
   --debug                                                  (logging) Turn on debug logs (default: false) [$K3S_DEBUG]
   -v value                                                 (logging) Number for the log level verbosity (default: 0)
   --tls-san value [ --tls-san value ]                      (listener) Add additional hostnames on the server TLS cert
   --tls-san-security                                       (listener) Protect the server TLS cert, see the tls-san option (default: true)
   --node-ip value, -i value [ --node-ip value, -i value ]  (agent/networking) IPv4/IPv6 addresses to advertise for node
   --etcd-snapshot-schedule-cron value                      (db) Snapshot interval time in cron spec. eg. '0 */5 * * *' (default: "0 */12 * * *")
   --container-runtime-endpoint value                       (agent/runtime) Use the CRI socket at the given path; when used with --docker this sets its path
   --help, -h                                               show help
`;

/** As its version 1 prints it, in older k3s. */
const first = `OPTIONS:
   --config FILE, -c FILE                     (config) Load configuration from FILE (default: "/etc/rancher/k3s/config.yaml") [$K3S_CONFIG_FILE]
   --debug                                    (logging) Turn on debug logs [$K3S_DEBUG]
   -v value                                   (logging) Number for the log level verbosity (default: 0)
   --log value, -l value                      (logging) Log to file
   --node-ip value, -i value                  (agent/networking) IPv4/IPv6 addresses to advertise for node
   --no-flannel                               (deprecated) use --flannel-backend=none
`;

/** As the launcher of emulated boards prints it (emulator/launcher/flags/help.go). */
const launcher = `NAME:
   k3s agent - Run node agent

USAGE:
   k3s agent [OPTIONS]

OPTIONS:
   --config value, -c value                         (config) Load configuration from FILE (default: /etc/rancher/k3s/config.yaml) [$K3S_CONFIG_FILE]
   -v value                                         (logging) Number for the log level verbosity (default: 0)
   --vmodule value                                  (logging) Comma-separated list of FILE_PATTERN=LOG_LEVEL settings (accepted, without effect in this launcher)
   --image-credential-provider-bin-dir-of-the-board value (agent/node) one space, --because the column is full
   --with-node-id                                   (agent/node) Append id to node name
   --help, -h                                       show help
`;

const pflag = `Flags:
  -c, --config string      path of the configuration
      --[no-]color         colours
      --log-level=LEVEL    how much is said
`;

describe("flagsInHelp", () => {
  it.each([
    [
      "urfave/cli 2",
      second,
      ["config", "c", "debug", "v", "tls-san", "tls-san-security", "node-ip", "i"],
      ["docker", "flannel-backend", "server"],
    ],
    [
      "urfave/cli 1",
      first,
      ["config", "c", "debug", "v", "log", "l", "node-ip", "i", "no-flannel"],
      ["flannel-backend"],
    ],
    [
      "the launcher",
      launcher,
      ["config", "c", "v", "vmodule", "image-credential-provider-bin-dir-of-the-board", "with-node-id", "help", "h"],
      ["because"],
    ],
    ["pflag", pflag, ["c", "config", "color", "log-level"], ["LEVEL", "string"]],
    ["prose", "Runs it.\n\n   - one thing\n   -- \n--not-indented  a heading\n", [], ["one", "not-indented"]],
    ["nothing", "", [], [""]],
  ])("reads the help of %s", (_title, help, listed, unlisted) => {
    const flags = flagsInHelp(help);
    expect([...flags]).toEqual(expect.arrayContaining(listed));
    expect(unlisted.filter((name) => flags.has(name))).toEqual([]);
  });

  it("takes nothing from what is said of a flag", () => {
    expect([...flagsInHelp(launcher)]).toHaveLength(8);
    expect([...flagsInHelp("   --debug  (logging) see --v, --log\n")]).toEqual(["debug"]);
  });
});

describe("unlistedFlags", () => {
  it("names what is not listed, with the closest that is", () => {
    expect(unlistedFlags(["node-ip", "tls-sans", "frobnicate-all", "i"], second)).toEqual([
      { name: "tls-sans", nearest: "tls-san" },
      { name: "frobnicate-all" },
    ]);
  });

  it.each([
    ["a script in front of it", "usage: k3s-wrapper [options]\n   --verbose  say more\n"],
    ["a few flags of something else", pflag],
    ["nothing", ""],
  ])("judges nothing by %s", (_title, help) => expect(unlistedFlags(["frobnicate-all"], help)).toEqual([]));
});

describe("helpProblem", () => {
  const flags = (...names: string[]) => ({ program: "/usr/local/bin/k3s", command: "server", names });

  it("is none where all are listed", () => expect(helpProblem(flags("debug", "v", "node-ip"), second)).toBeUndefined());

  it("tells all of them, whose help it is, and what to do", () => {
    expect(helpProblem(flags("debugs", "debug", "shiny-new"), second)).toBe(
      "it would be started with what `k3s server --help` does not list: --debugs (did you mean debug?), --shiny-new. " +
        "Take that out of its configuration, or write what this version calls it",
    );
  });
});
