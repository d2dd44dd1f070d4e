import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { secretOf, tokenRotation } from "./token-rotation";

const hash = "a".repeat(64);
const full = (secret: string) => `K10${hash}::server:${secret}`;

it.each([
  [full("one"), "one"],
  [`${full("with:more")}\n`, "with:more"],
  ["plain", "plain"],
  ["K10short::server:x", "K10short::server:x"],
])("the secret of %j", (token, secret) => expect(secretOf(token)).toBe(secret));

describe("TokenRotation", () => {
  /** A k3s server that takes rotations, and what it was asked. */
  const asked: {
    method?: string | undefined;
    url?: string | undefined;
    authorization?: string | undefined;
    body: string;
  }[] = [];
  let status = 200;
  let address: AddressInfo;
  let certificate: Buffer;
  const directory = mkdtempSync(join(tmpdir(), "k3s-board-token-"));
  const key = join(directory, "key.pem");
  const crt = join(directory, "crt.pem");
  const server = () =>
    createServer({ key: readFileSync(key), cert: readFileSync(crt) }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method, url, headers } = request;
        asked.push({ method, url, authorization: headers.authorization, body: Buffer.concat(chunks).toString() });
        response.writeHead(status).end();
      });
    });
  let running: ReturnType<typeof server>;

  beforeAll(async () => {
    const subject = ["-subj", "/CN=k3s", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", "-keyout", key, "-out", crt, ...subject], {
      stdio: "pipe",
    });
    certificate = readFileSync(crt);
    running = server();
    await new Promise<void>((resolve) => running.listen(0, "127.0.0.1", resolve));
    address = running.address() as AddressInfo;
  });
  afterAll(() => {
    running.closeAllConnections();
    running.close();
    rmSync(directory, { recursive: true });
  });

  let there: string | undefined;
  /** The file of k3s's configuration that has the token, and what was written to it. */
  let secrets: string | undefined;
  const written: string[] = [];
  let isFull = false;
  const said: string[] = [];
  beforeEach(() => {
    secrets = "agent-token: agents\ntoken: former\n";
    written.length = 0;
    isFull = false;
    asked.length = 0;
    said.length = 0;
    status = 200;
    there = full("former");
  });
  const board = {
    label: "root@server.example:22",
    file: (path: string) => {
      const contents = { "server/token": there, "server/tls/server-ca.crt": certificate, "60-secrets.yaml": secrets };
      const content = Object.entries(contents).find(([name]) => path.endsWith(`/${name}`))?.[1];
      return Promise.resolve(
        content === undefined ? { kind: "absent" } : { kind: "file", content: Buffer.from(content) },
      );
    },
    run: (_script: string, { stdin }: { stdin: Buffer }) => {
      if (!isFull) written.push(stdin.toString());
      return Promise.resolve({ code: isFull ? 1 : 0, stdout: "", stderr: "no space: it needs 64 KiB\n" });
    },
    forward: (host: string, port: number) => Promise.resolve(connect(port, host)),
  };
  const context = sampleContext(board, said);
  const wanted = (more: object = {}) =>
    tokenRotation.inputs.parse({
      connection: connectionArgs.parse({ host: "server.example", hostKeys: ["ssh-ed25519 AAAA"] }),
      dataDir: "/var/lib/rancher/k3s",
      token: "new-secret",
      secretsFile: "/etc/rancher/k3s/config.yaml.d/60-secrets.yaml",
      server: `https://127.0.0.1:${address.port}`,
      ...more,
    });
  const notSecret = () => true;

  it("refuses another token before anything is touched, with the reason, and does not repeat it", async () => {
    const old = wanted({ token: "former" });
    const { problems } = (await tokenRotation.check?.(wanted(), old)) ?? { problems: [] };
    expect(problems).toEqual([
      { property: "token", reason: expect.stringMatching(/encrypted.*k3s\.allowTokenRotation/) as string },
    ]);
    await expect(tokenRotation.announce?.(context, wanted(), notSecret)).rejects.toThrow(/k3s\.token is another token/);
    await expect(tokenRotation.create(context, wanted())).rejects.toThrow(/k3s\.allowTokenRotation: true/);
    await expect(tokenRotation.create(context, wanted())).rejects.not.toThrow(/new-secret|former-/);
    expect(asked).toEqual([]);
  });

  it("has nothing to do where there is no server yet, or one with this token in any form", async () => {
    there = undefined;
    await tokenRotation.create(context, wanted());
    expect(await tokenRotation.announce?.(context, wanted(), notSecret)).toEqual([]);
    expect(await tokenRotation.read(context, "", wanted())).toBeUndefined();
    there = full("new-secret");
    await tokenRotation.create(context, wanted());
    expect((await tokenRotation.read(context, "", wanted()))?.state.token).toBe("new-secret");
    expect(await tokenRotation.diff(wanted(), wanted({ token: full("new-secret") }), notSecret)).toMatchObject({
      changed: [],
    });
    expect((await tokenRotation.check?.(wanted({ token: full("new-secret") }), wanted()))?.problems).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("finds a token that was rotated by hand", async () => {
    const found = await tokenRotation.read(context, "", wanted());
    expect(found?.inputs.token).toBe(full("former"));
    expect(await tokenRotation.diff(found?.state ?? wanted(), wanted(), notSecret)).toMatchObject({
      changed: ["token"],
      notes: [expect.stringMatching(/is rotated/)],
    });
  });

  it("asks the server for it, with the token that it has and none in a command line", async () => {
    await tokenRotation.update(context, "", wanted({ token: "former" }), wanted({ allowRotation: true }));
    expect(asked).toEqual([
      {
        method: "PUT",
        url: "/v1-k3s/token",
        authorization: `Basic ${Buffer.from("server:former").toString("base64")}`,
        body: '{"newToken":"new-secret"}',
      },
    ]);
    expect(said).toEqual([expect.stringMatching(/^info: the server's token is rotated/)]);
  });

  it("leaves the new token where the next start reads it, whatever becomes of the service's change", async () => {
    const consent = wanted({ allowRotation: true });
    await tokenRotation.update(context, "", wanted({ token: "former" }), consent);
    expect(written).toEqual(["agent-token: agents\ntoken: new-secret\n"]);
    // k3s has it from somewhere else: its own configuration, which this file overrules
    secrets = undefined;
    await tokenRotation.create(context, consent);
    expect(written.slice(1)).toEqual(["token: new-secret\n"]);
  });

  it("says where it could not be written, and writes it where the server has it already", async () => {
    isFull = true;
    await expect(tokenRotation.create(context, wanted({ allowRotation: true }))).rejects.toThrow(
      /the server's token is rotated, and .*60-secrets\.yaml was not written: no space.*k3s does not start.*until/s,
    );
    isFull = false;
    there = full("new-secret");
    await tokenRotation.create(context, wanted());
    expect(written).toEqual(["agent-token: agents\ntoken: new-secret\n"]);
    secrets = "token: new-secret\n";
    await tokenRotation.create(context, wanted());
    secrets = undefined;
    await tokenRotation.create(context, wanted());
    expect(written).toHaveLength(1);
  });

  it("touches no file of k3s's where the server refuses", async () => {
    status = 500;
    await expect(tokenRotation.create(context, wanted({ allowRotation: true }))).rejects.toThrow();
    expect(written).toEqual([]);
  });

  it("counts the rotations: the service restarts for each, also for one whose run was killed before it was kept", async () => {
    const old = wanted({ token: "former" });
    const checked = async (goal: object) => (await tokenRotation.check?.(wanted(goal), old))?.inputs.rotations;
    expect(await checked({ token: full("former") })).toBe(0);
    expect(await checked({ allowRotation: true })).toBe(1);
    expect((await tokenRotation.check?.(wanted(), undefined))?.inputs.rotations).toBe(0);
    there = full("new-secret");
    const found = await tokenRotation.read(context, "", old);
    expect(found?.inputs.rotations).toBe(1);
    expect((await tokenRotation.check?.(wanted(), found?.inputs))?.inputs.rotations).toBe(1);
    const { rotations: _rotations, ...before } = wanted();
    expect(await tokenRotation.diff(before as never, wanted(), notSecret)).toMatchObject({
      changed: ["rotations"],
      notes: [],
    });
  });

  it.each([
    [404, /this k3s cannot rotate it, 1\.28\.3 is the first that can/],
    [500, /was not rotated: k3s answered 500/],
  ])("says what a server means that answers %i", async (answer, message) => {
    status = answer;
    await expect(tokenRotation.create(context, wanted({ allowRotation: true }))).rejects.toThrow(message);
  });

  it("needs a server that runs", async () => {
    const nobody = wanted({ allowRotation: true, server: "https://127.0.0.1:1" });
    await expect(tokenRotation.create(context, nobody)).rejects.toThrow(/ECONNREFUSED.*The server has to run for that/);
  });
});
