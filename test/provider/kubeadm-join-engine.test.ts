import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubeadmData, KubeadmJoin, KubeadmJoined, SystemdService } from "../../provider";
import { joinPaths } from "../../provider/kubeadm/join-files";
import { startTestBoard, type TestBoard } from "./board";
import { inlineStack } from "./inline-stack";
import { JoinServer, joiningPaths, joinLeftovers, prepareJoiningBoard } from "./join-server";

const { administrator, kubeadm } = joiningPaths;
const unit = "[Service]\nExecStart=/usr/local/bin/kubelet\nRestart=always\n[Install]\nWantedBy=multi-user.target\n";

let test: TestBoard;
let cluster: JoinServer;
let stack: Stack;

/** The parts of a worker that have to do with its join, as `components/kubeadm/worker.ts` has them. */
async function program() {
  const connection = {
    ...(JSON.parse(JSON.stringify(test.connection)) as typeof test.connection),
    sudoPassword: "s3cret",
  };
  const joining = { connection, cluster: { connection, kubeconfig: administrator }, server: cluster.url, node: "w1" };
  const data = new KubeadmData("data", { connection });
  const begun = new KubeadmJoin(
    "join",
    { ...joining, kubeadm, criSocket: "unix:///run/c.sock" },
    { dependsOn: [data] },
  );
  const kubelet = new SystemdService("kubelet", {
    connection,
    name: "kubelet",
    unit,
    program: { path: "/usr/local/bin/kubelet", source: join(test.scratch, "kubelet") },
    restartTriggers: { join: begun.attempt },
    timeoutSeconds: 30,
  });
  new KubeadmJoined("joined", { ...joining, attempt: begun.attempt, timeoutSeconds: 60 }, { dependsOn: [kubelet] });
  return Promise.resolve({});
}

beforeAll(async () => {
  test = await startTestBoard("provider-join-engine");
  cluster = await JoinServer.start(test.scratch);
  await prepareJoiningBoard(test, cluster);
  stack = await inlineStack(test.scratch, program);
}, 900_000);
afterAll(async () => {
  cluster.stop();
  await test.end();
});

/** Runs one operation and gives all that it printed, in which there is no token. */
async function run(operation: "up" | "preview" | "destroy"): Promise<string> {
  let output = "";
  const options = {
    onOutput: (text: string) => (output += text),
    onError: (text: string) => (output += text),
    color: "never" as const,
    refresh: true,
  };
  if (operation === "preview") await stack.preview({ ...options, diff: true });
  else await stack[operation](options);
  const state = readFileSync(join(test.scratch, "project/state/.pulumi/stacks/test/t.json"), "utf8");
  for (const token of cluster.tokens) expect(`${output}${state}`).not.toContain(token);
  expect(`${output}${state}`).not.toContain("s3cret");
  return output;
}

describe.sequential("the real engine", () => {
  it("joins a worker, and finds nothing to do then", async () => {
    expect(await run("preview")).toContain("node w1 joins the cluster");
    expect(await run("up")).toMatch(/\+ 5 created/);
    expect(cluster.tokens.length).toBeGreaterThan(0);
    expect(cluster.secrets.size).toBe(0);
    expect(await run("up")).toMatch(/5 unchanged/);
  });

  it("tells what a kubelet lacks and that it restarts, joins it anew, and finds nothing to do then", async () => {
    await test.sh(`rm ${joinPaths.certificate}`);
    const preview = await run("preview");
    expect(preview).toContain("node w1 joins: kubelet has no certificate yet");
    expect(preview).toContain("kubelet.service restarts");
    expect(await run("up")).toMatch(/~ 3 updated/);
    expect(await test.sh(`ls ${joinPaths.bootstrap} 2>/dev/null || true`)).toBe("");
    expect(cluster.secrets.size).toBe(0);
    expect(await run("up")).toMatch(/5 unchanged/);
  });

  it("gives the board back", async () => {
    expect(await run("destroy")).toMatch(/- 5 deleted/);
    expect(await test.sh(joinLeftovers)).toBe("");
  });
});
