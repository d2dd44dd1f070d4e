import { describe, expect, it } from "vitest";
import type { Datastore } from "../kubernetes/datastore";
import { sampleContext } from "../sample-context";
import type { Board, RunOptions } from "../ssh/board";
import { planDatastore } from "./program-datastore";
import { planSnapshot, saveSnapshot } from "./program-snapshot";
import { unstageScript } from "./program-script";
import { serviceInputs } from "./schema";

const path = "/usr/local/bin/k3s";
const db = "/var/lib/rancher/k3s/server/db";

const inputs = (version: string, rules: object = {}) =>
  serviceInputs.parse({
    connection: { host: "b", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
    name: "k3s",
    program: {
      path,
      source: "k3s",
      version,
      upgrade: { kind: "kubernetes", allowDowngrade: true, datastore: db, ...rules },
    },
  });
const etcd = (members: number): Datastore => ({ kind: "etcd", mebibytes: 40, members, copies: [], backups: [] });
const plan = (
  before: string | undefined,
  wanted: ReturnType<typeof inputs>,
  datastore: Datastore | undefined,
  told?: ReturnType<typeof inputs>,
) => {
  const { program } = wanted;
  if (program === undefined) throw new Error("no program");
  return planSnapshot(program, before, datastore === undefined ? {} : { datastore }, told);
};

describe("a snapshot before a program changes", () => {
  const snapshot = { program: path, datastore: db, server: "https://127.0.0.1:6443", seconds: 500 };
  const from = "v1.35.4+k3s1";

  it.each<[string, ReturnType<typeof plan>, object | undefined]>([
    ["a patch", plan(from, inputs("v1.35.5+k3s1"), etcd(3)), undefined],
    ["another minor version", plan(from, inputs("v1.36.0+k3s1"), etcd(3)), { ...snapshot, version: from }],
    ["the way back", plan(from, inputs("v1.34.0+k3s1"), etcd(2)), { ...snapshot, version: from }],
    ["a version after one that says none", plan(undefined, inputs("v1.36.0+k3s1"), etcd(3)), snapshot],
    ["another minor version of an etcd that is alone", plan(from, inputs("v1.36.0+k3s1"), etcd(1)), undefined],
    ["one that has SQLite", plan(from, inputs("v1.36.0+k3s1"), { ...etcd(0), kind: "sqlite" }), undefined],
    [
      "one whose datastore is elsewhere",
      plan(from, inputs("v1.36.0+k3s1", { datastore: undefined }), etcd(3)),
      undefined,
    ],
    ["one that was not looked at", plan(from, inputs("v1.36.0+k3s1"), undefined), undefined],
    [
      "another minor version with directory and port of its own",
      plan(from, inputs("v1.36.0+k3s1", { snapshots: "/mnt/s", server: "https://127.0.0.1:7443" }), etcd(3)),
      { ...snapshot, version: from, directory: "/mnt/s", server: "https://127.0.0.1:7443" },
    ],
    [
      "another minor version that will answer at another port",
      plan(from, inputs("v1.36.0+k3s1", { server: "https://127.0.0.1:7443" }), etcd(3), inputs(from)),
      { ...snapshot, version: from },
    ],
  ])("is planned for %s", (_title, planned, expected) => expect(planned).toEqual(expected));

  it("is saved where no copy is made, and only there", () => {
    for (const there of [etcd(3), etcd(1), { ...etcd(0), kind: "sqlite" as const }])
      for (const to of ["v1.34.0", "v1.35.9", "v1.36.0"]) {
        const copied = planDatastore(inputs(to), from, there) !== undefined;
        const saved = plan(from, inputs(to), there) !== undefined;
        expect([to, there.members, copied && saved, copied || saved]).toEqual([
          to,
          there.members,
          false,
          to !== "v1.35.9",
        ]);
      }
  });
});

describe("saving it", () => {
  const program = inputs("v1.36.0+k3s1").program;
  const snapshot = plan("v1.35.4+k3s1", inputs("v1.36.0+k3s1"), etcd(3));

  /** What is run on the board, and said, where k3s ends like this. */
  async function save(running: boolean, answer: { code: number; stdout: string; stderr: string }) {
    const ran: string[] = [];
    const said: string[] = [];
    const limits: (number | undefined)[] = [];
    const board = {
      label: "root@b:22",
      run: (script: string, { timeoutSeconds }: RunOptions) => {
        ran.push(script === unstageScript(path) ? "unstage" : script);
        limits.push(timeoutSeconds);
        return Promise.resolve(answer);
      },
    } as unknown as Board;
    const context = sampleContext(board, said, { mask: (text) => text.replaceAll("s3cret", "***") });
    if (program === undefined || snapshot === undefined) throw new Error("nothing to save");
    const failed = await saveSnapshot(context, board, { name: "k3s", running, program }, snapshot).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    return { ran, said, limits, failed };
  }

  it("says where it is", async () => {
    const { ran, said, limits, failed } = await save(true, { code: 0, stdout: "saved=/s/one\n", stderr: "" });
    expect(failed).toBeUndefined();
    expect(ran).toEqual([expect.stringContaining("etcd-snapshot save --data-dir /var/lib/rancher/k3s ")]);
    // the board's own limit comes first, so that what was staged is taken away
    expect(limits[0]).toBeGreaterThan(snapshot?.seconds ?? 0);
    expect(said).toEqual([`info: saving an etcd snapshot before ${path} changes`, "info: the etcd snapshot is /s/one"]);
  });

  it("takes the staged program away and says why where there is none, without secrets", async () => {
    const stderr = 'one\ntwo\nthree\nlevel=fatal msg="token s3cret is not valid"\n';
    const { ran, failed } = await save(true, { code: 1, stdout: "", stderr });
    expect(ran[1]).toBe("unstage");
    expect(failed).toContain(
      `root@b:22: ${path} was not replaced: no etcd snapshot could be saved before (${path} etcd-snapshot save): ` +
        'two; three; level=fatal msg="token *** is not valid". Everything is as it was before.',
    );
    expect(failed).toContain("systemctl stop k3s, then run the same command again.");
  });

  it("is left out where the server does not run, which is said", async () => {
    const { ran, said, failed } = await save(false, { code: 1, stdout: "", stderr: "" });
    expect({ ran, failed }).toEqual({ ran: [], failed: undefined });
    expect(said).toEqual([expect.stringMatching(/^warning: k3s\.service does not run, so no etcd snapshot is saved/)]);
  });
});
