import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agreedVariable } from "../../provider/announcements";
import { File, getFacts, Package, SystemdService } from "../../provider";
import { startTestBoard, type TestBoard } from "./board";
import { inlineStack } from "./inline-stack";

/** What the program is asked for; changed by the tests between runs. */
const wanted = { token: "s3cret-one", config: "level=1\n", port: 0 };
let test: TestBoard;
let stack: Stack;
let trace: string;

async function program() {
  const connection = {
    ...(JSON.parse(JSON.stringify(test.connection)) as typeof test.connection),
    sudoPassword: "s3cret-sudo",
  };
  const facts = await getFacts({ connection });
  const program = new File("program", { connection, path: "/opt/demo", source: "/bin/sleep", mode: "0755" });
  const token = new File("token", {
    connection,
    path: "/etc/demo/token",
    content: pulumi.secret(`${wanted.token}\n`),
    mode: "0600",
  });
  new Package("present", { connection, name: "sudo" });
  new SystemdService(
    "service",
    {
      connection,
      name: "demo",
      unit: "[Service]\nExecStart=/opt/demo infinity\n[Install]\nWantedBy=multi-user.target\n",
      files: [
        { path: "/etc/demo/config", content: wanted.config },
        { path: "/etc/demo/password", content: pulumi.secret(`password: ${wanted.token}\n`), mode: "0600" },
      ],
      restartTriggers: { program: program.sha256 },
    },
    { dependsOn: [token] },
  );
  return { os: facts.osId, sha256: program.sha256 };
}

beforeAll(async () => {
  test = await startTestBoard("provider-engine");
  trace = join(test.scratch, "trace");
  stack = await inlineStack(test.scratch, program, { K3S_BOARD_TRACE: trace });
}, 900_000);
afterAll(() => test.end());

/** Runs one operation and gives all that it printed. */
async function run(operation: "up" | "preview" | "destroy"): Promise<string> {
  let output = "";
  const options = {
    onOutput: (text: string) => (output += text),
    onError: (text: string) => (output += text),
    color: "never" as const,
    parallel: 64,
  };
  if (operation === "destroy") await stack.destroy({ ...options, refresh: true });
  else await stack[operation]({ ...options, refresh: true, diff: operation === "preview" });
  expect(output).not.toMatch(/s3cret/);
  return output;
}

describe("the real engine", () => {
  it("makes all, then finds nothing to do, in two round trips", async () => {
    expect(await run("up")).toMatch(/\+ 5 created/);
    expect(await test.sh("systemctl is-active demo; stat -c %a /etc/demo/token /etc/demo/password")).toBe(
      "active\n600\n600",
    );
    writeFileSync(trace, "");
    const output = await run("preview");
    expect(output).toMatch(/5 unchanged/);
    expect(output).not.toMatch(/[~+-] \d/);
    // One connection, one batch for all resources, one for the facts.
    expect(
      readFileSync(trace, "utf8")
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    ).toEqual(["connect", "ask"]);
    expect(await run("up")).toMatch(/5 unchanged/);
  });

  it("has no secret in its state", () => {
    const exported = join(test.scratch, "project", "state", ".pulumi", "stacks", "test", "t.json");
    const state = readFileSync(exported, "utf8");
    expect(state).toContain("board:index:SystemdService");
    expect(state).not.toMatch(/s3cret/);
  });

  it("shows what was changed by hand, and what restarts for it, and mends it", async () => {
    const pid = await test.sh("systemctl show -p MainPID --value demo");
    await test.sh("echo level=9 >/etc/demo/config; echo 'password: x' >/etc/demo/password; chmod 0644 /etc/demo/token");
    const output = await run("preview");
    expect(output).toContain("demo.service restarts: /etc/demo/config changes, /etc/demo/password changes");
    expect(output).toMatch(/- level=9\n\s*\+ level=1/);
    expect(output).toContain("/etc/demo/password changes; its content is secret");
    expect(output).toMatch(/fingerprints/);
    expect(output).toMatch(/mode *: "0644" => "0600"/);
    await run("up");
    expect(await test.sh("cat /etc/demo/config; stat -c %a /etc/demo/token")).toBe("level=1\n600");
    expect(await test.sh("systemctl show -p MainPID --value demo")).not.toBe(pid);
    expect(await run("up")).toMatch(/5 unchanged/);
  });

  it("does not restart what nobody was shown, and changes nothing for it", async () => {
    const before = await test.sh("systemctl show -p InvocationID --value demo");
    const { envVars } = stack.workspace;
    // What a preview showed before a hand edited the file.
    envVars[agreedVariable] = "{}";
    await test.sh("echo level=8 >/etc/demo/config");
    await expect(run("up")).rejects.toThrow(
      "demo.service would restart, which the preview did not say: /etc/demo/config changes. Nothing was changed for it",
    );
    expect(await test.sh("cat /etc/demo/config; systemctl show -p InvocationID --value demo")).toBe(
      `level=8\n${before}`,
    );
    const urn = "urn:pulumi:t::test::board:index:SystemdService::service";
    envVars[agreedVariable] = JSON.stringify({ [urn]: ["demo.service"] });
    await run("up");
    Reflect.deleteProperty(envVars, agreedVariable);
    expect(await test.sh("cat /etc/demo/config")).toBe("level=1");
    expect(await run("up")).toMatch(/5 unchanged/);
  });

  it("shows that a secret changes without showing it", async () => {
    wanted.token = "s3cret-two";
    const output = await run("preview");
    expect(output).toMatch(/~ content: "[0-9a-f]{16}" => "[0-9a-f]{16}"/);
    await run("up");
    expect(await test.sh("cat /etc/demo/token")).toBe("s3cret-two");
  });

  it("gives the board back", async () => {
    expect(await run("destroy")).toMatch(/- 5 deleted/);
    expect(
      await test.sh(
        "ls -A /opt; find /etc /var/lib -name '*demo*' -o -name '*k3s-board*'; systemctl list-units --all --no-legend 'demo*'; dpkg-query -W -f '${db:Status-Abbrev}' sudo",
      ),
    ).toBe("ii");
  });
});
