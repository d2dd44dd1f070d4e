import { ApiException } from "@kubernetes/client-node";
import { isObject } from "../secrets";

/** An answer of the API server; `undefined` where it says that there is no such object. */
export async function unlessAbsent<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (refusal(error).code === 404) return undefined;
    throw error;
  }
}

/** The status of an answer that is no success, and the API server's own sentence. */
export function refusal(error: unknown): { code: number; message: string } {
  if (!(error instanceof ApiException)) return { code: 0, message: "" };
  const body: unknown = typeof error.body === "string" ? parsed(error.body) : error.body;
  const said =
    isObject(body) && typeof body.message === "string" ? body.message : `the API server answered ${error.code}`;
  return { code: error.code, message: said };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
