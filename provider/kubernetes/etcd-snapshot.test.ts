import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { preamble } from "../ssh/shell";
import { stateDirectory } from "../ssh/file-questions";
import { type EtcdSnapshot, snapshotName, snapshotScript, snapshotSeconds } from "./etcd-snapshot";

it.each([
  ["v1.35.4+k3s1", "k3s-board-v1.35.4.k3s1"],
  ["v1.36.0-rc.1+k3s1", "k3s-board-v1.36.0.rc.1.k3s1"],
  ["v1.36.0", "k3s-board-v1.36.0"],
  [undefined, "k3s-board-unknown"],
])("a snapshot of what %s has written is %s", (version, name) => expect(snapshotName(version)).toBe(name));

it("may take longer than k3s waits for S3, and longer for more", () => {
  expect(snapshotSeconds({ mebibytes: 0 })).toBeGreaterThan(420);
  expect(snapshotSeconds({ mebibytes: 600 }) - snapshotSeconds({ mebibytes: 0 })).toBe(300);
});

describe("saving a snapshot", () => {
  let directory: string;
  let snapshots: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "etcd-snapshot-"));
    snapshots = join(directory, "k3s/server/db/snapshots");
    mkdirSync(snapshots, { recursive: true });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  /** A k3s whose help names a flag for the server, or none. It writes down how it was called, and then does what the test wants. */
  function k3s(saves: string, flag = "--etcd-server"): string {
    const path = join(directory, "k3s-program");
    const text = `#!/bin/sh
case " $* " in *" --help "*) echo '   ${flag} value, -s value  (cluster) Server'; echo '   --name value  base name'; exit ;; esac
printf '%s ' "$@" >${join(directory, "called")}
${saves}
`;
    writeFileSync(path, text, { mode: 0o755 });
    return path;
  }
  const saved = (name: string) => `echo content >${join(snapshots, name)}`;

  function save(program: string, changes: Partial<EtcdSnapshot> = {}) {
    const snapshot: EtcdSnapshot = {
      program,
      version: "v1.35.4+k3s1",
      datastore: join(directory, "k3s/server/db"),
      server: "https://127.0.0.1:7443",
      seconds: 20,
      ...changes,
    };
    const script = preamble + snapshotScript(snapshot).replaceAll(`state=${stateDirectory}`, `state=${directory}`);
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    const called = join(directory, "called");
    return { status, stdout, stderr, called: existsSync(called) ? readFileSync(called, "utf8").trim() : undefined };
  }

  it.each([
    ["--etcd-server", " --etcd-server https://127.0.0.1:7443"],
    ["--server", " --server https://127.0.0.1:7443"],
    ["--s3", ""],
  ])("asks k3s on its own board, where its flag for that is %s", (flag, given) => {
    const file = "k3s-board-v1.35.4.k3s1-one-1790000000";
    expect(save(k3s(`echo 'level=info msg="Snapshot saved"'; ${saved(file)}`, flag))).toEqual({
      status: 0,
      stdout: `saved=${snapshots}/${file}\n`,
      stderr: 'level=info msg="Snapshot saved"\n',
      called: `etcd-snapshot save --data-dir ${directory}/k3s --etcd-snapshot-dir ${snapshots} --name k3s-board-v1.35.4.k3s1${given}`,
    });
  });

  it("takes the directory that the configuration names, and one that is packed", () => {
    snapshots = join(directory, "elsewhere");
    mkdirSync(snapshots);
    const file = "k3s-board-unknown-one-1790000000.zip";
    const { stdout, called } = save(k3s(saved(file)), { directory: snapshots, version: "unknown" });
    expect(stdout).toBe(`saved=${snapshots}/${file}\n`);
    expect(called).toContain(`--etcd-snapshot-dir ${snapshots} --name k3s-board-unknown`);
  });

  it.each<[string, string, Partial<EtcdSnapshot>, RegExp]>([
    ["fails", "echo 'level=fatal msg=\"no leader\"' >&2; exit 1", {}, /^level=fatal msg="no leader"\n$/],
    ["says nothing of its failure", ":", {}, /it has left no snapshot in .*\/snapshots/],
    ["leaves an empty file", ": >$DIR/k3s-board-v1.35.4.k3s1-one-1790000001", {}, /it has left no snapshot/],
    [
      "leaves what it had begun",
      "echo >$DIR/k3s-board-v1.35.4.k3s1-one-1790000001.part",
      {},
      /it has left no snapshot/,
    ],
    ["does not end", "exec sleep 60", { seconds: 1 }, /it took longer than 1 s/],
  ])("is told apart where k3s %s", (_title, life, changes, why) => {
    writeFileSync(join(snapshots, "k3s-board-v1.35.4.k3s1-one-1790000000"), "an earlier one");
    const { status, stdout, stderr } = save(k3s(life.replaceAll("$DIR", snapshots)), changes);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(why);
    expect(readdirSync(snapshots)).toContain("k3s-board-v1.35.4.k3s1-one-1790000000");
  });

  it("keeps the newest three of this node, and everything that is not ours", () => {
    const metadata = join(directory, "k3s/server/db/.metadata");
    mkdirSync(metadata);
    const old = ["v1.34.1.k3s1-one.a-1700000001", "v1.33.9.k3s1-one.a-1700000002.zip"].map(
      (name) => `k3s-board-${name}`,
    );
    const stays = [
      "k3s-board-v1.33.2.k3s1-one.a-1700000004",
      "k3s-board-v1.35.4.k3s1-one.a-1700000003",
      "k3s-board-v1.34.1.k3s1-two-1600000000",
      "k3s-board-v1.34.1.k3s1-one-a-1600000000",
      "k3s-board-before-i-went-one.a-1600000000",
      "etcd-snapshot-one.a-1600000000",
      "on-demand-one.a-1600000000",
    ];
    for (const name of [...old, ...stays]) writeFileSync(join(snapshots, name), "s");
    for (const name of [...old, ...stays]) writeFileSync(join(metadata, name), "m");
    const file = "k3s-board-v1.35.4.k3s1-one.a-1790000000";
    expect(save(k3s(saved(file))).status).toBe(0);
    expect(readdirSync(snapshots).sort()).toEqual([file, ...stays].sort());
    expect(readdirSync(metadata).sort()).toEqual([...stays].sort());
  });

  it("does not begin where there is no room", () => {
    const program = k3s(saved("k3s-board-v1.35.4.k3s1-one-1790000000"));
    const etcd = join(directory, "k3s/server/db/etcd");
    mkdirSync(etcd);
    // what it would take is looked at, and not what there is
    writeFileSync(join(directory, "du"), "#!/bin/sh\nprintf '99999999999\\ttotal\\n'\n", { mode: 0o755 });
    vi.stubEnv("PATH", `${directory}:${process.env.PATH ?? ""}`);
    const { status, stderr, called } = save(program);
    expect({ status, called }).toEqual({ status: 1, called: undefined });
    expect(stderr).toMatch(/no space: it needs \d+ KiB, .*\/snapshots has \d+ KiB left/);
  });
});
