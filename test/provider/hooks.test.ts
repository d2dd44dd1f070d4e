import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hooksConfig } from "../../components/hooks/config";
import { Hooks } from "../../components/hooks/hooks";
import { packageProblem } from "../../components/pulumi-packages";
import { File } from "../../provider";
import { failure, startTestBoard, type TestBoard } from "./board";
import { inlineStack } from "./inline-stack";

/** Pulumi's own plugin is not ours to bring: without it there is nothing to test here but the sentence that says so. */
const missing = packageProblem("@pulumi/command");

const secret = "s3cret-hook";
const log = "/root/hook.log";
/** What a hook is asked for; changed by the tests between runs. */
let login: Record<string, unknown> = {};
let test: TestBoard;
let stack: Stack;

function program(): Promise<void> {
  const hooks = new Hooks(
    hooksConfig.parse({
      "first-disk": { before: "k3s", create: `test ! -e /etc/stage && echo disk >> ${log}`, delete: "true" },
      login: {
        after: "k3s",
        create: `test -e /etc/stage && read -r word && echo "login $word" | tee -a ${log}`,
        delete: `echo logout >> ${log}`,
        stdin: `${secret}\n`,
        ...login,
      },
    }),
    test.connection,
  );
  const dependsOn = [...hooks.before("registry"), ...hooks.before("images"), ...hooks.before("k3s")];
  const { connection } = test;
  const stage = new File("stage", { connection, path: "/etc/stage", content: "there\n", mode: "0644" }, { dependsOn });
  hooks.done([stage]);
  hooks.before("manifests");
  return Promise.resolve();
}

async function run(operation: "up" | "preview" | "destroy"): Promise<string> {
  let output = "";
  const collect = (text: string) => (output += text);
  const options = { onOutput: collect, onError: collect, color: "never" as const };
  await (operation === "destroy" ? stack.destroy(options) : stack[operation](options));
  expect(output).not.toContain(secret);
  return output;
}

describe.skipIf(missing !== undefined)("hooks through @pulumi/command and its plugin", () => {
  beforeAll(async () => {
    test = await startTestBoard("provider-hooks");
    stack = await inlineStack(test.scratch, program);
  }, 900_000);
  afterAll(() => test.end());

  it("run once, each at its place, with the secret on standard input alone", async () => {
    expect(await run("up")).toMatch(/\+ 4 created/);
    expect(await test.sh(`cat ${log}`)).toBe(`disk\nlogin ${secret}`);
    const state = readFileSync(join(test.scratch, "project/state/.pulumi/stacks/test/t.json"), "utf8");
    expect(state).toContain("command:remote:Command");
    expect(state).not.toContain(secret);
    expect(state).not.toContain("PRIVATE KEY");
    expect(await run("up")).toMatch(/4 unchanged/);
    expect(await test.sh(`cat ${log}`)).toBe(`disk\nlogin ${secret}`);
  });

  it("run again when a trigger changes: undone first", async () => {
    login = { triggers: ["2"] };
    const preview = await run("preview");
    expect(preview).toMatch(/hook-login.*replace/);
    expect(preview).not.toMatch(/stage.*replace/);
    await run("up");
    expect(await test.sh(`cat ${log}`)).toBe(`disk\nlogin ${secret}\nlogout\nlogin ${secret}`);
  });

  it("end the up where they fail, and run again with the next", async () => {
    login = { triggers: ["3"], create: "echo the reason >&2; exit 7" };
    expect(await failure(run("up"))).toMatch(/exited with status 7[^]*the reason/);
    login = { triggers: ["3"] };
    await run("up");
    expect(await test.sh(`tail -n 2 ${log}`)).toBe(`logout\nlogin ${secret}`);
  });

  it("do nothing on a host with another key", async () => {
    const { connection } = test;
    const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDfTRaZRSAF1UFgnOYuZ7kdsDD3LbZtT9D8oNhpmYxYI";
    const lines = await test.sh(`wc -l < ${log}`);
    const hooks = hooksConfig.parse({ other: { after: "ready", create: `echo other >> ${log}` } });
    const elsewhere = await LocalWorkspace.createOrSelectStack(
      {
        stackName: "other",
        projectName: "test",
        program: () => {
          new Hooks(hooks, { ...connection, hostKeys: [other] }).before("workloads");
          return Promise.resolve();
        },
      },
      { workDir: stack.workspace.workDir, envVars: stack.workspace.envVars },
    );
    expect(await failure(elsewhere.up())).toMatch(/host key mismatch/);
    expect(await test.sh(`wc -l < ${log}`)).toBe(lines);
  });

  it("are undone by destroy", async () => {
    expect(await run("destroy")).toMatch(/- 4 deleted/);
    expect(await test.sh(`tail -n 1 ${log}; ls /etc/stage 2>&1 | tail -c 28`)).toMatch(/^logout\n.*No such file/);
  });
});

describe.runIf(missing !== undefined)("hooks without @pulumi/command or its plugin", () => {
  it("are refused with what to install", () => {
    expect(missing).toMatch(/run `(npm install|pulumi plugin install).*command/);
  });
});
