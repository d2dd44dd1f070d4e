import { afterEach, expect, it } from "vitest";
import { type SampleServer, tcpServer } from "../ssh/sample-servers";
import { Transport } from "./transport";

let server: SampleServer;
afterEach(() => server.stop());

it.each(["http", "https"])("gives a server up that takes a connection and says nothing (%s)", async (scheme) => {
  server = await tcpServer();
  const url = new URL(`${scheme}://127.0.0.1:5000/v2/`);
  const transport = new Transport(url, { connect: server.channel, idleSeconds: 0.2 });
  const messages = /no progress for 0\.2 s/;
  await expect(transport.exchange({ method: "GET", url })).rejects.toThrow(messages);
  // the one connection through a board is free again
  await expect(transport.exchange({ method: "GET", url })).rejects.toThrow(messages);
  transport.close();
});
