import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, it } from "vitest";
import { File } from "../../../provider";
import { find, registered } from "../../registered";
import { prerequisitesConfig } from "./config";
import { Prerequisites } from "./prerequisites";

const waitsFor = (name: string) => [...(find(name)?.dependencies ?? [])].sort();

beforeEach(async () => {
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
  expect(waitsFor("board-hostname")).toEqual(["board-hosts"]);
  expect(waitsFor("board-sysctls")).toEqual(["board-kernelModules"]);
  expect(waitsFor("later")).toEqual(["board-hostname", "board-hosts", "board-kernelModules", "board-sysctls"]);
});

it("reboots behind all of them where something may wait for a boot", async () => {
  const kernelCommandLine = ["cgroup_enable=memory"];
  const config = prerequisitesConfig.parse({ hostname: "a", kernelCommandLine, reboot: "allowed" });
  const prerequisites = new Prerequisites("board", { connection, config, openings });
  new File("later", { connection: prerequisites.connection, path: "/etc/a", content: "" });
  await pulumi.runtime.disconnect();
  const settings = ["board-hostname", "board-hosts", "board-kernelCommandLine"];
  expect(waitsFor("board-reboot")).toEqual(settings);
  expect(waitsFor("later")).toEqual([...settings, "board-reboot"].sort());
});

it("is nothing on the board where nothing is named", async () => {
  const prerequisites = new Prerequisites("board", { connection, config: prerequisitesConfig.parse({}), openings });
  new File("later", { connection: prerequisites.connection, path: "/etc/a", content: "" });
  await pulumi.runtime.disconnect();
  expect(registered.map(({ name }) => name)).toEqual(["board", "later"]);
});
