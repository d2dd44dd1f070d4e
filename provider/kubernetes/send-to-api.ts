import type { OutgoingHttpHeaders } from "node:http";
import { type Agent, request } from "node:https";
import type { ApiAnswer, SendToApi } from "./objects-api";

/** Seconds that one request to a slow board's API server may take. */
export const requestTimeoutSeconds = 30;

/** Sends requests to an API server over the connections of an agent. */
export function sendThrough(agent: Agent, server: URL, headers: OutgoingHttpHeaders = {}): SendToApi {
  return ({ method, path, body, contentType = "application/json" }) =>
    new Promise<ApiAnswer>((resolve, reject) => {
      const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const outgoing = request(
        new URL(path, server),
        {
          agent,
          method,
          timeout: requestTimeoutSeconds * 1000,
          headers: {
            ...headers,
            accept: "application/json",
            ...(text === undefined ? {} : { "content-type": contentType, "content-length": text.length }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.once("error", reject);
          incoming.once("end", () =>
            resolve({
              status: incoming.statusCode ?? 0,
              body: parsed(Buffer.concat(chunks).toString("utf8")),
              warnings: warningTexts(incoming.headers.warning),
            }),
          );
        },
      );
      outgoing.once("timeout", () =>
        outgoing.destroy(new Error(`the API server did not answer in ${requestTimeoutSeconds} s`)),
      );
      outgoing.once("error", reject);
      outgoing.end(text);
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The texts of a `Warning` header: `299 - "unknown field \"spec.replica\""`, several behind commas. */
export function warningTexts(header: string | undefined): string[] {
  return [...(header ?? "").matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replace(/\\(.)/g, "$1"),
  );
}
