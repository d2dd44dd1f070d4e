import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createConnection, type AddressInfo } from "node:net";
import { PassThrough, Duplex } from "node:stream";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltImage } from "../../components/images/image";
import { RegistryClient } from "../../provider/registry/client";
import { readLayout } from "../../provider/registry/layout";
import { pushImage } from "../../provider/registry/push";
import { runCommand } from "../../tools/command";
import { InterceptingProxy } from "./registry-proxies";
import { RegistryServer } from "./registry-server";
import { sampleImage, temporaryDirectory } from "./sample-image";

const files = temporaryDirectory();
let image: BuiltImage;
beforeAll(async () => {
  image = await sampleImage(files.path, 1);
});
afterAll(() => files.remove());

const place = () => ({ repository: `test/${randomUUID()}`, tag: "1.0" });

describe("a registry with TLS", () => {
  let server: RegistryServer;
  let ca: string;
  beforeAll(async () => {
    const certificate = join(files.path, "certificate.pem");
    const key = join(files.path, "key.pem");
    const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    await runCommand("openssl", ["req", "-x509", ...newKey, "-keyout", key, "-out", certificate, ...subject]);
    ca = readFileSync(certificate, "utf8");
    server = await RegistryServer.start({ tls: { certificate, key } });
  }, 900_000);
  afterAll(() => server.stop());

  it("is refused without its CA, with what to set", async () => {
    const client = new RegistryClient({ url: server.url });
    await expect(client.resolve("a/b", "1")).rejects.toThrow(/certificate is not trusted .*Set `ca`/);
    client.close();
  });

  it("is refused under a name that its certificate does not have", async () => {
    const client = new RegistryClient({ url: server.url.replace("127.0.0.1", "localhost"), ca });
    await expect(client.resolve("a/b", "1")).rejects.toThrow("certificate is not trusted");
    client.close();
  });

  it("takes images over TCP and over a stream that is no socket", async () => {
    const throughStream = () => {
      const socket = createConnection(server.port, "127.0.0.1");
      const out = new PassThrough();
      out.pipe(socket);
      return Promise.resolve(Duplex.from({ writable: out, readable: socket }));
    };
    let streams = 0;
    for (const connect of [undefined, () => (streams++, throughStream())]) {
      const client = new RegistryClient({ url: server.url, ca, ...(connect ? { connect } : {}) });
      const where = place();
      await pushImage(client, await readLayout(image.layout), where);
      expect(await client.resolve(where.repository, where.tag)).toBe(image.digest);
      client.close();
    }
    expect(streams).toBe(1);
  });
});

describe("a registry that wants bearer tokens", () => {
  const service = "registry.test";
  const issuer = "token.test";
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const kid = "test-key";
  const asked: string[] = [];
  let tokens: Server;
  let start: (realm: string) => Promise<RegistryServer>;

  /** A token as the registry's documentation describes it: a JWT that lists what its bearer may do. */
  function token(scopes: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.map((scope) => {
      const [type, name, actions = ""] = scope.split(":");
      return { type, name, actions: actions.split(",") };
    });
    const claims = {
      iss: issuer,
      sub: "board",
      aud: service,
      exp: now + 60,
      nbf: now - 5,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${part({ typ: "JWT", alg: "ES256", kid })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }

  beforeAll(async () => {
    const jwks = join(files.path, "jwks.json");
    const key = { ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "ES256" };
    writeFileSync(jwks, JSON.stringify({ keys: [key] }));
    tokens = createServer((request, response) => {
      const login = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
      if (login !== "board:secret") return void response.writeHead(401).end();
      const scopes = new URL(request.url ?? "", "http://127.0.0.1").searchParams.getAll("scope");
      asked.push(...scopes);
      response.end(JSON.stringify({ token: token(scopes) }));
    });
    await new Promise<void>((done) => tokens.listen(0, "127.0.0.1", done));
    start = (realm) => RegistryServer.start({ token: { realm, service, issuer, jwks } });
  }, 900_000);
  afterAll(() => tokens.close());

  it("gets a token for each thing that it asks one for", async () => {
    const server = await start(`http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`);
    const client = new RegistryClient({ url: server.url, username: "board", password: "secret" });
    const where = place();
    await pushImage(client, await readLayout(image.layout), where);
    expect(await client.resolve(where.repository, where.tag)).toBe(image.digest);
    expect(asked).toContain(`repository:${where.repository}:pull,push`);
    client.close();

    const wrong = new RegistryClient({ url: server.url, username: "board", password: "other" });
    await expect(wrong.resolve(where.repository, where.tag)).rejects.toThrow("refuses the user name or the password");
    wrong.close();
    await server.stop();
  });

  it("gives another token when one is not taken any more, also in the middle of an upload", async () => {
    const server = await start(`http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`);
    let uploads = 0;
    const forgetful = await InterceptingProxy.start(server.url, (request) => {
      if (request.method === "PATCH" && ++uploads % 2 === 0) delete request.headers.authorization;
      return false;
    });
    const login = { username: "board", password: "secret" };
    const client = new RegistryClient({ url: forgetful.url, ...login, chunkBytes: 16 * 1024 });
    const where = place();
    const before = asked.length;
    await pushImage(client, await readLayout(image.layout), where);
    expect(await client.resolve(where.repository, where.tag)).toBe(image.digest);
    expect(uploads).toBeGreaterThan(4);
    expect(asked.length - before).toBeGreaterThan(2);
    client.close();
    forgetful.stop();
    await server.stop();
  });

  it("lets a blob be mounted from another repository that it gives a token for", async () => {
    const server = await start(`http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`);
    const client = new RegistryClient({ url: server.url, username: "board", password: "secret" });
    const layout = await readLayout(image.layout);
    const [one, two] = [place(), place()];
    await pushImage(client, layout, one);
    expect(await pushImage(client, layout, two)).toMatchObject({ bytes: 0, blobs: 0 });
    expect(asked).toContain(`repository:${one.repository}:pull`);
    client.close();
    await server.stop();
  });

  it("does not get the password sent to another address without TLS", async () => {
    const server = await start("http://token.example/token");
    const client = new RegistryClient({ url: server.url, username: "board", password: "secret" });
    await expect(client.resolve("a/b", "1")).rejects.toThrow("credentials do not go there without TLS");
    client.close();
    await server.stop();
  });
});
