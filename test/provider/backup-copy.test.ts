import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backupScript, hotCopy } from "../../provider/kubernetes/backup-script";
import { removeCopies } from "../../provider/kubernetes/datastore-script";
import { ensureCommands } from "../../tools/host-packages";
import { silentProgress } from "../../tools/progress";

/** Real databases of SQLite, on this machine: what is copied does not hang on the board. */
beforeAll(async () => {
  await ensureCommands(
    [{ command: "sqlite3", debianPackage: "sqlite3", why: "writes the databases that are copied" }],
    silentProgress,
  );
}, 300_000);

let root: string;
let db: string;
let file: string;
let copies: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "backup-"));
  db = join(root, "server/db");
  file = join(db, "state.db");
  copies = join(root, "copies");
  mkdirSync(db, { recursive: true });
  writeFileSync(join(root, "server/token"), "K10::server:t\n", { mode: 0o600 });
});
afterEach(() => rmSync(root, { recursive: true }));

const run = promisify(execFile);
const sh = async (script: string) => (await run("sh", ["-c", script])).stdout.trim();
const sqlite = async (path: string, statements: string) => (await run("sqlite3", [path, statements])).stdout.trim();
const backup = (keep = 2) => sh(backupScript({ datastore: db, directory: copies, keep, version: "v1.36.3+k3s1" }));

/** A client that stays connected, as a server does: its log is not taken away. */
function connect() {
  const client = spawn("sqlite3", [file], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = new Promise((resolve) => client.once("exit", resolve));
  return {
    say: (statements: string) => client.stdin.write(`${statements}\n`),
    end: async () => {
      client.stdin.end();
      await ended;
    },
  };
}

const schema = `PRAGMA journal_mode=WAL; CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT); CREATE TABLE total (n INTEGER);
INSERT INTO total VALUES (0); CREATE TABLE rows (n INTEGER); INSERT INTO rows VALUES (0);`;
/** A commit that changes three tables alike. */
const commit = (n: number) => `BEGIN IMMEDIATE; INSERT INTO a VALUES (${n}, hex(zeroblob(${(n * 37) % 1500})));
UPDATE total SET n = ${n}; DELETE FROM a WHERE id < ${n - 50}; UPDATE rows SET n = (SELECT count(*) FROM a); COMMIT;`;
const consistent =
  "SELECT (SELECT count(*) FROM a) = (SELECT n FROM rows), (SELECT max(id) FROM a) = (SELECT n FROM total);";

describe("a copy of a datastore that is being written", () => {
  it("is a database of one moment, again and again", async () => {
    await sqlite(file, schema);
    const client = connect();
    client.say("PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=1500;");
    let written = 0;
    const writing = setInterval(() => client.say(commit(++written)), 10);
    const totals: number[] = [];
    try {
      for (let round = 0; round < 3; round++) {
        const before = written;
        await expect.poll(() => written, { timeout: 60_000 }).toBeGreaterThan(before + 20);
        const copy = join(await backup(), "content/state.db");
        expect(await sqlite(copy, `PRAGMA integrity_check; ${consistent}`)).toBe("ok\n1|1");
        totals.push(Number(await sqlite(copy, "SELECT n FROM total;")));
      }
    } finally {
      clearInterval(writing);
      await client.end();
    }
    // it was written while it was copied: each copy is of a later moment
    expect(totals).toEqual([...new Set(totals)].sort((a, b) => a - b));
    expect(readdirSync(copies).filter((name) => !name.startsWith("."))).toEqual([
      "000002-v1.36.3+k3s1",
      "000003-v1.36.3+k3s1",
    ]);
  }, 300_000);

  it.each([
    ["a checkpoint", "UPDATE total SET n = 1; PRAGMA wal_checkpoint(PASSIVE);"],
    ["a log that begins anew", "PRAGMA wal_checkpoint(RESTART); UPDATE total SET n = 1;"],
    ["a log that is cut off", "PRAGMA wal_checkpoint(TRUNCATE); UPDATE total SET n = 1;"],
  ])(
    "is made anew where %s comes between its two files",
    async (_what, change) => {
      await sqlite(file, schema);
      const client = connect();
      client.say(commit(2));
      await expect
        .poll(() => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0, { timeout: 30_000 })
        .toBeGreaterThan(0);
      // a cp that lets the database be written once, when it has read the main file
      const tools = join(root, "tools");
      mkdirSync(tools);
      mkdirSync(join(root, "to"));
      writeFileSync(
        join(tools, "cp"),
        `#!/bin/sh\n/bin/cp "$@"\n[ -e ${root}/changed ] || { : >${root}/changed; sqlite3 ${file} '${change}' >/dev/null; }\n`,
        { mode: 0o755 },
      );
      expect(await sh(`PATH=${tools}:$PATH; ${hotCopy}\nhot_copy ${db} ${root}/to; echo "$? $attempt"`)).toMatch(
        /^0 [2-9]$/,
      );
      await client.end();
      expect(await sqlite(join(root, "to/state.db"), "PRAGMA integrity_check; SELECT n FROM total;")).toBe("ok\n1");
    },
    120_000,
  );

  it("is root's only, with the token that the server has encrypted it with", async () => {
    await sqlite(file, schema);
    const copy = await backup();
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(
      [copies, copy, join(copy, "content"), join(copy, "content/state.db"), join(copy, "token")].map(mode),
    ).toEqual(["700", "700", "700", "600", "600"]);
    expect(readFileSync(join(copy, "token"), "utf8")).toBe("K10::server:t\n");
  }, 60_000);

  it("is not made of nothing, and nothing is left then", async () => {
    await expect(backup()).rejects.toThrow(/there is no SQLite datastore in/);
    expect(readdirSync(copies)).toEqual([".lock"]);
  }, 60_000);
});

describe("a directory that has more than copies", () => {
  const own = ["2014-photos", "2020-photos", "20200101-holiday", "notes"];
  const visible = () => readdirSync(copies).filter((name) => !name.startsWith("."));

  it("keeps the rest, which neither counts nor goes, and its mode", async () => {
    await sqlite(file, schema);
    for (const name of own) mkdirSync(join(copies, name), { recursive: true });
    mkdirSync(join(copies, "2014-photos/content"));
    chmodSync(copies, 0o755);
    for (let made = 0; made < 3; made++) await backup();
    expect(visible()).toEqual(["000002-v1.36.3+k3s1", "000003-v1.36.3+k3s1", ...own]);
    expect(statSync(copies).mode & 0o777).toBe(0o755);
    await sh(removeCopies(copies));
    expect(readdirSync(copies)).toEqual(own);
  }, 60_000);

  it("is not shared by two boards: each would take the other's copies for its own", async () => {
    await sqlite(file, schema);
    await backup();
    writeFileSync(join(copies, ".board"), `${"0".repeat(32)}\n`);
    await expect(backup()).rejects.toThrow(/has the copies of another board.*k3s\.backup\.directory/s);
    await sh(removeCopies(copies));
    expect(visible()).toEqual(["000001-v1.36.3+k3s1"]);
    rmSync(join(copies, ".board"));
    await backup();
    await sh(removeCopies(copies));
    expect(readdirSync(root)).toEqual(["server"]);
  }, 60_000);
});
