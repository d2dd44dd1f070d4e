import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { prerequisitesConfig } from "../../components/board/prerequisites/config";
import { plannedSettings } from "../../components/board/prerequisites/settings";
import * as board from "../../provider";
import type { Connection } from "../../provider/ssh/connection-args";
import {
  filePath,
  servicePaths,
  unitName,
  type Configuration,
  type PlannedFile,
  type PlannedService,
  type ServiceName,
} from "./configuration";

/** What a generated program runs: it lives until it is stopped. */
export function programText(version: number): string {
  return `#!/bin/sh\n# version ${version}\nexec sleep infinity\n`;
}

/** The unit that is there before us. */
export const systemUnit = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";

function secretIf(isSecret: boolean, text: string): pulumi.Input<string> {
  return isSecret ? pulumi.secret(text) : text;
}

/** Makes the resources of a configuration, as the stacks do. */
export function makeResources(configuration: Configuration, connection: Connection, scratch: string): void {
  const { files, services, prerequisites, reboots } = configuration;
  const settings = plannedSettings(prerequisitesConfig.parse(prerequisites), { ports: [], networks: [] }).map(
    ({ kind, values }) => new board.Setting(`setting-${kind}`, { connection, kind, values }),
  );
  const reboot = new board.Reboot(
    "reboot",
    { connection, consent: reboots ? "allowed" : "never", forUpdates: true, timeoutSeconds: 300 },
    { dependsOn: settings },
  );
  for (const [name, file] of Object.entries(files)) makeFile(name, file, connection, scratch, reboot);
  for (const [name, service] of Object.entries(services)) {
    makeService(name as ServiceName, service, connection, scratch, reboot);
  }
}

function makeFile(name: string, file: PlannedFile, connection: Connection, scratch: string, after: pulumi.Resource) {
  const { text, mode, place, secret, fromSource } = file;
  const local = join(scratch, `file-${name}`);
  if (fromSource) writeFileSync(local, text);
  new board.File(
    `file-${name}`,
    {
      connection,
      path: filePath(name, place),
      mode,
      ...(fromSource ? { source: local } : { content: secretIf(secret, text) }),
    },
    { dependsOn: [after] },
  );
}

function makeService(
  name: ServiceName,
  service: PlannedService,
  connection: Connection,
  scratch: string,
  after: pulumi.Resource,
) {
  const paths = servicePaths(name);
  const { program, flags, description } = service;
  const command = program === undefined ? "/bin/sleep infinity" : paths.program;
  const local = join(scratch, "programs", `${program}`);
  if (program !== undefined) {
    mkdirSync(join(scratch, "programs"), { recursive: true });
    writeFileSync(local, programText(program));
  }
  const unit = `[Unit]\nDescription=${description}\n[Service]\nExecStart=${command}\n[Install]\nWantedBy=multi-user.target\n`;
  const dropIn = `[Service]\nEnvironment="FLAGS=${flags.join(" ")}"\n`;
  new board.SystemdService(
    `service-${name}`,
    {
      connection,
      name: unitName(name),
      ...(name === "own" ? { unit } : {}),
      ...(name === "own" && program !== undefined ? { program: { path: paths.program, source: local } } : {}),
      files: [
        ...(flags.length === 0 ? [] : [{ path: paths.dropIn, content: dropIn }]),
        ...Object.entries(service.config).map(([file, content]) => ({
          path: paths.config(file),
          content,
          mode: service.configMode,
        })),
        ...(service.password === ""
          ? []
          : [{ path: paths.password, content: pulumi.secret(service.password), mode: "0600" }]),
      ],
      enabled: service.enabled,
      running: service.running,
      restartTriggers: { trigger: service.trigger },
      timeoutSeconds: 120,
    },
    { dependsOn: [after] },
  );
}
