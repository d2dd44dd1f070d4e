import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Board } from "../ssh/board";
import { messageOf } from "../ssh/login";

/**
 * Asks a URL as seen from the board, through its SSH connection. Any answer below 500 is a sign of life: a registry that wants a login says
 * 401. The detail is for people.
 *
 * @param ca - PEM certificate of the server's CA, where the public ones do not do.
 * @param timeoutSeconds - for the answer. Defaults to 10.
 */
export async function probeHttp(
  board: Board,
  url: string,
  ca?: string,
  timeoutSeconds = 10,
): Promise<{ ready: boolean; detail: string }> {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  const host = target.hostname.replace(/^\[|\]$/g, "");
  try {
    const channel = await board.forward(host, Number(target.port || (secure ? 443 : 80)));
    const socket = secure ? connect({ socket: channel, ca, servername: isIP(host) ? "" : host, host }) : channel;
    const status = await new Promise<number>((resolve, reject) => {
      const send = secure ? httpsRequest : httpRequest;
      // no agent: with one, even `agent: false`, Node makes a connection of its own from this machine
      const request = send(target, { createConnection: () => socket }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      // not the request's own timeout: that is the socket's, and a channel of an SSH connection is none
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${timeoutSeconds} s`)),
        timeoutSeconds * 1000,
      );
      request.once("error", reject);
      request.once("close", () => clearTimeout(timer));
      request.end();
    }).finally(() => socket.destroy());
    return { ready: status < 500, detail: `${url} answers ${status}` };
  } catch (error) {
    return { ready: false, detail: `${url}: ${messageOf(error)}` };
  }
}
