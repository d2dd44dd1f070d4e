import { createConnection } from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { pushImage } from "../../provider/registry/push";
import { BoardError } from "../../provider/ssh/board-error";
import type { Interception } from "./registry-proxies";
import { digestOfStream, mebibyte, repository, Transfers } from "./transfers";

const transfers = new Transfers();

describe("a registry that limits requests", () => {
  /** Answers the first requests like that. */
  function failing(...answers: { status: number; headers?: Record<string, string> }[]): Interception {
    return (_request, response) => {
      const answer = answers.shift();
      if (!answer) return false;
      response.writeHead(answer.status, answer.headers).end();
      return true;
    };
  }

  it("is asked again after the time that it names, in seconds or as a date", async () => {
    const place = await transfers.stored();
    const date = () => new Date(Date.now() + 2000).toUTCString();
    const proxy = await transfers.intercepting(
      failing({ status: 429, headers: { "retry-after": "1" } }, { status: 503, headers: { "retry-after": date() } }),
    );
    const client = transfers.clientAt(proxy.url);
    const started = Date.now();
    expect(await client.resolve(place, "1.0")).toBe(transfers.layout.digest);
    expect(Date.now() - started).toBeGreaterThan(1800);
    expect(transfers.notes[0]).toMatch(/HTTP 429; trying again in 1 s \(1 of 5\)/);
    expect(transfers.notes[1]).toMatch(/HTTP 503; trying again in \d s \(2 of 5\)/);
  });

  it("gets a push to its end", async () => {
    let count = 0;
    const proxy = await transfers.intercepting((request, response) => {
      if (!["POST", "PATCH", "PUT"].includes(request.method ?? "") || ++count % 3 !== 1) return false;
      request.resume();
      request.on("end", () => response.writeHead(429, { "retry-after": "0" }).end());
      return true;
    });
    const place = repository();
    await pushImage(transfers.clientAt(proxy.url), transfers.layout, { repository: place, tag: "1.0" });
    expect(await transfers.clientAt(transfers.server.url).resolve(place, "1.0")).toBe(transfers.layout.digest);
  });

  it("is not waited for longer than makes sense", async () => {
    const proxy = await transfers.intercepting(failing({ status: 429, headers: { "retry-after": "3600" } }));
    const refused = transfers.clientAt(proxy.url).resolve("a/b", "1");
    await expect(refused).rejects.toMatchObject({ trouble: "limited" });
    await expect(refused).rejects.toThrow(
      /limits the number of requests \(HTTP 429\), and asks to wait 3600 s\. Try again later, or set/,
    );
  });

  it("is given up when it stays out of order", async () => {
    const proxy = await transfers.intercepting((_request, response) => {
      response.writeHead(502).end("bad gateway");
      return true;
    });
    const refused = transfers.clientAt(proxy.url, { retries: 1 }).resolve("a/b", "1");
    await expect(refused).rejects.toMatchObject({ trouble: "unreachable" });
    expect(proxy.requests).toHaveLength(2);
  });
});

describe("a registry that is reached through a board", () => {
  it("gets a push to its end although it is killed and started again meanwhile", async () => {
    const { server, layout } = transfers;
    let streams = 0;
    /** As a board's SSH connection forwards: a stream that is no socket, and a refusal of the board's where nobody listens. */
    const connect = () =>
      new Promise<Duplex>((resolve, reject) => {
        const socket = createConnection(server.port, "127.0.0.1");
        socket.once("error", () => reject(new BoardError("refused", "root@board", "nothing answers there")));
        socket.once("connect", () => {
          streams += 1;
          const out = new PassThrough();
          out.pipe(socket);
          const channel = Duplex.from({ writable: out, readable: socket });
          // ssh2 closes a channel whose other end is gone.
          socket.on("error", () => undefined).on("close", () => channel.destroy());
          resolve(channel);
        });
      });
    const client = transfers.clientAt(server.url, { connect, chunkBytes: 4 * mebibyte });
    const place = repository();
    let restarted: Promise<void> | undefined;
    const noting = client.noting((note) => {
      if (note.endsWith(" sent"))
        restarted ??= server
          .kill()
          .then(() => sleep(1000))
          .then(() => server.run());
    });
    await pushImage(noting, layout, { repository: place, tag: "1.0" });
    await restarted;
    expect(await client.resolve(place, "1.0")).toBe(layout.digest);
    expect(client.traffic.sent).toBeLessThan(transfers.layer.size + 9 * mebibyte);
    expect(streams).toBeGreaterThanOrEqual(2);
  });
});

describe("a registry that keeps its blobs elsewhere", () => {
  it("is followed there without its credentials", async () => {
    const guarded = await transfers.another({ login: { username: "board", password: "secret" } });
    const login = { username: "board", password: "secret" };
    await pushImage(transfers.clientAt(guarded.url, login), transfers.layout, { repository: "a/b", tag: "1" });
    const seen: (string | undefined)[] = [];
    const authorization = `Basic ${Buffer.from("board:secret").toString("base64")}`;
    const cdn = await transfers.intercepting(
      (request) => {
        seen.push(request.headers.authorization);
        return false;
      },
      guarded.url,
      { authorization },
    );
    const front = await transfers.intercepting((request, response) => {
      if (request.method !== "GET" || !request.url?.includes("/blobs/") || !request.headers.authorization) return false;
      response.writeHead(307, { location: `${cdn.url}${request.url}` }).end();
      return true;
    }, guarded.url);
    expect(await digestOfStream(transfers.clientAt(front.url, login).blob("a/b", transfers.layer))).toBe(
      transfers.layer.digest,
    );
    expect(seen).toEqual([undefined]);
  });

  it("is not followed in circles", async () => {
    const proxy = await transfers.intercepting((request, response) => {
      response.writeHead(302, { location: request.url }).end();
      return true;
    });
    await expect(transfers.clientAt(proxy.url).resolve("a/b", "1")).rejects.toThrow("it redirects in circles");
  });
});

describe("referrers", () => {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const referrer = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${"a".repeat(64)}`,
    size: 2,
    artifactType: "application/spdx+json",
  };

  it("are read from the tag that stands for them at a registry without their API", async () => {
    const place = await transfers.stored();
    const client = transfers.clientAt(transfers.server.url);
    expect(await client.referrers(place, transfers.layout.digest)).toEqual([]);
    const existing = {
      mediaType: transfers.layout.mediaType,
      digest: transfers.layout.digest,
      size: transfers.layout.manifest.length,
    };
    const index = { schemaVersion: 2, mediaType, manifests: [{ ...existing, artifactType: "application/spdx+json" }] };
    const tag = transfers.layout.digest.replace(":", "-");
    await client.putManifest(place, tag, mediaType, Buffer.from(JSON.stringify(index)));
    expect(await client.referrers(place, transfers.layout.digest)).toEqual(index.manifests);
  });

  it("are read from the API, all pages of it", async () => {
    const proxy = await transfers.intercepting((request, response) => {
      if (!request.url?.includes("/referrers/")) return false;
      const more = request.url.includes("page=2") ? {} : { link: `<${request.url}?page=2>; rel="next"` };
      response.writeHead(200, { "content-type": mediaType, ...more });
      response.end(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [referrer] }));
      return true;
    });
    expect(await transfers.clientAt(proxy.url).referrers("a/b", transfers.layout.digest)).toEqual([referrer, referrer]);
  });
});

it("an answer that is a portal's page is told as that", async () => {
  const proxy = await transfers.intercepting((request, response) => {
    if (!/\/(tags|referrers)\//.test(request.url ?? "")) return false;
    response.writeHead(200, { "content-type": "text/html" }).end("<html>Please log in</html>");
    return true;
  });
  const client = transfers.clientAt(proxy.url);
  const said = /the answer is not a registry's, it begins with "<html>Please log in<\/html>"/;
  await expect(client.tags("a/b")).rejects.toThrow(said);
  await expect(client.referrers("a/b", transfers.layout.digest)).rejects.toThrow(said);
});
