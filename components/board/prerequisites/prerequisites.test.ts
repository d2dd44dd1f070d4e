import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { beforeEach, expect, it, vi } from "vitest";
import { File } from "../../../provider";
import { prerequisitesConfig } from "./config";
import { Prerequisites } from "./prerequisites";

/** Names of the resources that each one waits for. */
const dependencies = new Map<string, string[]>();
const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
const register = Object.getOwnPropertyDescriptor(MockMonitor.prototype, "registerResource")
  ?.value as MockMonitor["registerResource"];
vi.spyOn(MockMonitor.prototype, "registerResource").mockImplementation(function (
  this: MockMonitor,
  request: RegisterResourceRequest,
  callback,
) {
  dependencies.set(request.getName(), request.getDependenciesList().map(nameOf).sort());
  return register.call(this, request, callback);
});

beforeEach(async () => {
  dependencies.clear();
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as object }),
    call: () => ({}),
  });
});

const openings = { ports: [], networks: [] };
const connection = { host: "board.example", hostKeys: ["ssh-ed25519 AAAA"] };

it("makes what takes its connection wait for all of them", async () => {
  const config = prerequisitesConfig.parse({
    hostname: "a",
    kernelModules: ["overlay"],
    sysctls: { "vm.swappiness": 1 },
  });
  const prerequisites = new Prerequisites("board", { connection, config, openings });
  new File("later", { connection: prerequisites.connection, path: "/etc/a", content: "" });
  await pulumi.runtime.disconnect();
  expect(dependencies.get("board-hostname")).toEqual(["board-hosts"]);
  expect(dependencies.get("board-sysctls")).toEqual(["board-kernelModules"]);
  expect(dependencies.get("later")).toEqual(["board-hostname", "board-hosts", "board-kernelModules", "board-sysctls"]);
});

it("reboots behind all of them where something may wait for a boot", async () => {
  const kernelCommandLine = ["cgroup_enable=memory"];
  const config = prerequisitesConfig.parse({ hostname: "a", kernelCommandLine, reboot: "allowed" });
  const prerequisites = new Prerequisites("board", { connection, config, openings });
  new File("later", { connection: prerequisites.connection, path: "/etc/a", content: "" });
  await pulumi.runtime.disconnect();
  const settings = ["board-hostname", "board-hosts", "board-kernelCommandLine"];
  expect(dependencies.get("board-reboot")).toEqual(settings);
  expect(dependencies.get("later")).toEqual([...settings, "board-reboot"].sort());
});

it("is nothing on the board where nothing is named", async () => {
  const prerequisites = new Prerequisites("board", { connection, config: prerequisitesConfig.parse({}), openings });
  new File("later", { connection: prerequisites.connection, path: "/etc/a", content: "" });
  await pulumi.runtime.disconnect();
  expect([...dependencies.keys()]).toEqual(["board", "later"]);
});
