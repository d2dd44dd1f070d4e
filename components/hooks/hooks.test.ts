import { beforeEach, expect, it, vi } from "vitest";
import { hooksConfig, stages } from "./config";
import { Hooks } from "./hooks";

const made: string[] = [];
vi.mock("../pulumi-packages", async (original) => ({
  ...(await original<object>()),
  loadPackage: () => ({
    remote: {
      Command: class {
        constructor(name: string) {
          made.push(name);
        }
      },
    },
  }),
}));

const connection = { host: "board.example", hostKeys: ["ssh-ed25519 AAAA"], password: "password" };
const config = hooksConfig.parse(
  Object.fromEntries(stages.map((stage) => [`b-${stage}`, { before: stage, create: "true" }])),
);

beforeEach(() => {
  made.length = 0;
});

it("makes the hooks of a stage that the stack does not have before the next one", () => {
  const hooks = new Hooks(
    { ...config, ...hooksConfig.parse({ z: { after: "workloads", create: "true" } }) },
    connection,
  );
  expect(hooks.before("k3s")).toHaveLength(3);
  expect(hooks.before("ready")).toHaveLength(5);
  hooks.afterAll();
  expect(made).toEqual([...stages.map((stage) => `hook-b-${stage}`), "hook-z"]);
});

it("makes no hook twice", () => {
  const hooks = new Hooks(config, connection);
  expect(hooks.before("images")).toHaveLength(2);
  expect(hooks.before("images")).toHaveLength(2);
  expect(hooks.before("registry")).toHaveLength(2);
});
