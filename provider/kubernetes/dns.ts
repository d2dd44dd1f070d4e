import { decode, encode } from "dns-packet";
import type { Board } from "../ssh/board";

/** An answer of a DNS server. */
export interface DnsAnswer {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  /** IPv4 addresses of the name. */
  readonly addresses: readonly string[];
}

/** Reads an answer; `undefined` for what is none. */
function parsed(message: Buffer): DnsAnswer | undefined {
  try {
    const packet = decode(message);
    // dns-packet decodes the code's name; its types do not say so
    const rcode = "rcode" in packet ? String(packet.rcode) : "NOERROR";
    return { rcode, addresses: (packet.answers ?? []).flatMap((one) => (one.type === "A" ? [one.data] : [])) };
  } catch {
    return undefined;
  }
}

/**
 * Asks a DNS server that only the board can reach, such as the cluster DNS address, for the A records of a name: DNS over TCP in a channel
 * of the SSH connection, so that it takes the way of a pod's request (kube-proxy, CoreDNS) and needs no tool on the board.
 *
 * @throws Error where the server does not take the connection or does not answer in time.
 */
export async function queryDns(board: Board, server: string, name: string, timeoutSeconds = 15): Promise<DnsAnswer> {
  const channel = await board.forward(server, 53);
  try {
    return await new Promise<DnsAnswer>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${server}: no DNS answer for ${name} within ${timeoutSeconds} s`)),
        timeoutSeconds * 1000,
      );
      const settle = (act: () => void) => {
        clearTimeout(timer);
        act();
      };
      let received = Buffer.alloc(0);
      channel.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        // DNS over TCP: two bytes of length in front (RFC 1035, 4.2.2)
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const answer = parsed(received.subarray(2, 2 + received.readUInt16BE(0)));
        if (answer === undefined) settle(() => reject(new Error(`${server}: what it answers for ${name} is no DNS`)));
        else settle(() => resolve(answer));
      });
      channel.on("error", (error: Error) => settle(() => reject(error)));
      channel.on("close", () =>
        settle(() => reject(new Error(`${server}: closed the connection before it answered for ${name}`))),
      );
      const query = encode({ type: "query", id: 1, flags: 0x0100, questions: [{ type: "A", name }] });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      channel.write(Buffer.concat([length, query]));
    });
  } finally {
    channel.destroy();
  }
}
