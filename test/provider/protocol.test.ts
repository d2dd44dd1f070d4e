import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestBoard, failure, type TestBoard } from "./board";
import { ProviderProcess, secret } from "./process";

const urn = "urn:pulumi:test::test::custom:Parent$board:index:File::file";
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
let test: TestBoard;
let provider: ProviderProcess;
let trace: string;
beforeAll(async () => {
  test = await startTestBoard("provider-protocol");
  trace = join(test.scratch, "trace");
  provider = await ProviderProcess.start({ K3S_BOARD_TRACE: trace });
}, 600_000);
afterAll(async () => {
  provider.kill();
  await test.end();
});

/** The connection as a program gives it: no member that is not set. */
const connection = () => secret(JSON.parse(JSON.stringify(test.connection)));

describe("secrets", () => {
  it("are wrapped on every way out, and a keyed fingerprint shows that they change", async () => {
    const given = { connection: connection(), path: "/etc/token", content: secret("s3cret-token\n"), mode: "0600" };
    const first = await provider.check(urn, {}, given);
    expect(first.failures).toEqual([]);
    expect(first.inputs).toMatchObject({
      owner: "root",
      content: secret("s3cret-token\n"),
      connection: { value: { port: test.connection.port } },
    });
    const { fingerprintKey, fingerprints, sha256 } = first.inputs as {
      fingerprintKey: object;
      fingerprints: { content: string };
      sha256: object;
    };
    expect(fingerprints.content).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprintKey).toMatchObject(secret(expect.stringMatching(/^[0-9a-f]{64}$/)));
    expect(sha256).toMatchObject(secret(expect.stringMatching(/^[0-9a-f]{64}$/)));

    const same = await provider.check(urn, first.inputs, given);
    expect(same.inputs).toEqual(first.inputs);
    const changed = await provider.check(urn, first.inputs, { ...given, content: secret("another\n") });
    expect(changed.inputs.fingerprintKey).toEqual(first.inputs.fingerprintKey);
    expect(changed.inputs.fingerprints).not.toEqual(first.inputs.fingerprints);

    const state = await provider.create(urn, first.inputs);
    expect(state).toEqual(first.inputs);
    const trips = lines();
    const read = await provider.read(urn, "/etc/token", state, first.inputs);
    expect(read).toEqual({ properties: state, inputs: first.inputs });
    expect(lines() - trips).toBe(1);
    expect(await provider.diff(urn, state, first.inputs)).toEqual({ diffs: [], replaces: [] });
    expect(await provider.diff(urn, state, changed.inputs)).toEqual({
      diffs: ["content", "fingerprints"],
      replaces: [],
    });

    await test.sh("echo by-hand >/etc/token");
    const drifted = await provider.read(urn, "/etc/token", state, first.inputs);
    expect(drifted.inputs.content).toEqual(secret("by-hand\n"));
    expect(drifted.inputs.fingerprints).not.toEqual(first.inputs.fingerprints);
    await provider.delete(urn, "/etc/token", state);
    expect(await test.sh("ls /etc/token /var/lib/k3s-board 2>&1 || :")).toMatch(/^(ls: cannot access .*\n?){2}$/);
    expect(readFileSync(trace, "utf8")).not.toContain("s3cret");
  });
});

describe("a preview", () => {
  it("does not reject what it does not know yet, and finds what is wrong beside it", async () => {
    const given = { connection: connection(), path: "/etc/unknown", content: unknown };
    expect(await provider.check(urn, {}, given)).toMatchObject({
      failures: [],
      inputs: { content: unknown, mode: "0644" },
    });
    expect(await provider.check(urn, {}, { ...given, path: unknown, content: unknown })).toMatchObject({
      failures: [],
    });
    expect((await provider.check(urn, {}, { ...given, mode: "644", color: "red" })).failures).toEqual([
      "color: there is no such property",
      'mode: must be four octal digits in quotes, such as "0644"',
    ]);
  });

  it("counts an unknown content as a change, and the connection never", async () => {
    const given = { connection: connection(), path: "/etc/x", content: "x" };
    const { inputs } = await provider.check(urn, {}, given);
    expect(await provider.diff(urn, inputs, { ...inputs, content: unknown })).toEqual({
      diffs: ["content"],
      replaces: [],
    });
    const moved = { ...inputs, connection: secret({ ...(inputs.connection as { value: object }).value, port: 1 }) };
    expect(await provider.diff(urn, inputs, moved)).toEqual({ diffs: [], replaces: [] });
    expect(await provider.diff(urn, inputs, { ...inputs, path: "/etc/y" })).toEqual({
      diffs: ["path"],
      replaces: ["path"],
    });
  });

  it("names every wrong input by its path", async () => {
    const service = "urn:pulumi:test::test::board:index:SystemdService::service";
    const { failures } = await provider.check(
      service,
      {},
      {
        connection: secret({ host: "h", hostKeys: [] }),
        name: "demo",
        files: [{ path: "etc/relative", content: 3 }],
        health: { kind: "http", url: "nonsense" },
      },
    );
    expect(failures.map((one) => one.split(":")[0])).toEqual([
      "connection.hostKeys",
      "files[0].path",
      "files[0].content",
      "health.url",
    ]);
  });
});

describe("a board that moved", () => {
  it("is read and left at its new address", async () => {
    const given = { connection: connection(), path: "/etc/moved", content: "x\n" };
    const { inputs } = await provider.check(urn, {}, given);
    const state = await provider.create(urn, inputs);
    // An update was never needed, so the outputs still have the address of then; the inputs are those of the last run.
    const old = { ...state, connection: secret({ ...(inputs.connection as { value: object }).value, port: 1 }) };
    const read = await provider.read(urn, "/etc/moved", old, inputs);
    expect(read.inputs.content).toBe("x\n");
    await provider.delete(urn, "/etc/moved", state);
  });
});

describe("a provider that is killed", () => {
  it("while it sends a big file leaves the old one, and the next run goes on from there", async () => {
    await test.sh("echo original >/opt/program; chmod 0711 /opt/program");
    const source = join(test.scratch, "program");
    writeFileSync(source, randomBytes(200_000_000));
    const doomed = await ProviderProcess.start();
    const { inputs } = await doomed.check(
      urn,
      {},
      { connection: connection(), path: "/opt/program", source, mode: "0755" },
    );
    const lost = failure(doomed.create(urn, inputs));
    await expect
      .poll(() => test.sh("stat -c %s /opt/.program.k3s-board-new 2>/dev/null || echo 0").then(Number), {
        interval: 20,
        timeout: 30_000,
      })
      .toBeGreaterThan(1_000_000);
    doomed.kill();
    await lost;
    expect(await test.sh("cat /opt/program; stat -c %a /opt/program")).toBe("original\n711");
    await expect.poll(() => test.sh("ls -A /opt"), { timeout: 10_000 }).toBe("program");

    const state = await provider.create(urn, inputs);
    expect(await test.sh("sha256sum </opt/program; stat -c %a /opt/program")).toBe(`${String(inputs.sha256)}  -\n755`);
    await provider.delete(urn, "/opt/program", state);
    expect(
      await test.sh("cat /opt/program; stat -c %a /opt/program; ls -A /opt; ls /var/lib/k3s-board 2>/dev/null || :"),
    ).toBe("original\n711\nprogram");
  });

  it("between any two steps leaves the old file or the new one, and its original", async () => {
    await test.sh("echo original >/etc/stepwise");
    for (const delay of [0, 20, 40, 60, 80, 120]) {
      const doomed = await ProviderProcess.start();
      const { inputs } = await doomed.check(
        urn,
        {},
        { connection: connection(), path: "/etc/stepwise", content: `run ${delay}\n` },
      );
      await doomed.read(urn, "/etc/stepwise", inputs, inputs);
      const lost = doomed.create(urn, inputs).catch(() => undefined);
      await sleep(delay);
      doomed.kill();
      await lost;
      expect(await test.sh("cat /etc/stepwise")).toMatch(/^(original|run \d+)$/);
    }
    const { inputs } = await provider.check(
      urn,
      {},
      { connection: connection(), path: "/etc/stepwise", content: "last\n" },
    );
    const state = await provider.create(urn, inputs);
    expect(await test.sh("cat /etc/stepwise")).toBe("last");
    await provider.delete(urn, "/etc/stepwise", state);
    expect(await test.sh("cat /etc/stepwise; ls /var/lib/k3s-board 2>/dev/null || :")).toBe("original");
  });
});

function lines(): number {
  return readFileSync(trace, "utf8").trim().split("\n").length;
}
