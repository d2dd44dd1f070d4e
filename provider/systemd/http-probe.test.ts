import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { probeHttp } from "./http-probe";

describe("probeHttp", () => {
  const server = createServer((_request, response) => response.writeHead(401).end());
  let board: Pick<Board, "forward">;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // a board whose own port 5000 is another port of this machine: a connection that does not go through it finds nothing
    board = { forward: () => Promise.resolve(connect((server.address() as AddressInfo).port, "127.0.0.1")) };
  });
  afterAll(() => void server.close());

  it("asks through the board, and takes a registry that wants a login for alive", async () => {
    expect(await probeHttp(board as Board, "http://127.0.0.1:1/v2/")).toEqual({
      ready: true,
      detail: "http://127.0.0.1:1/v2/ answers 401",
    });
  });
});
