import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { type SampleServer, sampleServer, tcpServer } from "../ssh/sample-servers";
import { probeHttp } from "./http-probe";

describe("probeHttp", () => {
  let server: SampleServer;
  afterEach(() => server.stop());

  /** A board all of whose ports are the server's: a connection that does not go through it finds nothing. */
  const board = () => ({ forward: server.channel }) as unknown as Board;

  it("asks through the board, and takes a registry that wants a login for alive", async () => {
    server = await sampleServer(createServer((_request, response) => response.writeHead(401).end()));
    expect(await probeHttp(board(), "http://127.0.0.1:1/v2/")).toEqual({
      ready: true,
      detail: "http://127.0.0.1:1/v2/ answers 401",
    });
  });

  it.each(["http", "https"])("gives a server up that takes a connection and says nothing (%s)", async (scheme) => {
    server = await tcpServer();
    const url = `${scheme}://127.0.0.1:1/v2/`;
    expect(await probeHttp(board(), url, undefined, 0.2)).toEqual({
      ready: false,
      detail: `${url}: no answer within 0.2 s`,
    });
  });
});
