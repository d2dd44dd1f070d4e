import type { Socket } from "node:net";
import { encode } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { type SampleServer, tcpServer } from "../ssh/sample-servers";
import { queryDns } from "./dns";

/** As DNS over TCP has it, with its length in front. */
function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

describe("queryDns", () => {
  let server: SampleServer;
  afterEach(() => server.stop());
  const asked = async (answer: Buffer) => {
    server = await tcpServer((socket: Socket) => socket.once("data", () => socket.write(answer)));
    return queryDns({ forward: server.channel } as unknown as Board, "10.43.0.10", "a.test", 0.5);
  };

  it("tells the addresses", async () => {
    const answers = [{ type: "A", name: "a.test", data: "192.0.2.7" }] as const;
    const answer = encode({ type: "response", id: 1, answers: [...answers] });
    expect(await asked(framed(answer))).toEqual({ rcode: "NOERROR", addresses: ["192.0.2.7"] });
  });

  it("takes what is no DNS for an answer of somebody else", async () => {
    await expect(asked(framed(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")))).rejects.toThrow("is no DNS");
    await expect(asked(framed(Buffer.alloc(3)))).rejects.toThrow("is no DNS");
  });

  it("does not wait for the rest of an answer without end", async () => {
    await expect(asked(Buffer.from([0, 90, 1]))).rejects.toThrow("no DNS answer for a.test within 0.5 s");
  });
});
