import type { Board } from "../provider/ssh/board";
import { diagnose } from "./diagnose";
import type { Finding } from "./findings";
import { gather } from "./gather/gather";
import { readFacts } from "./read/facts";

/** Seconds that a look may take for whoever has waited long already. The board rolls a service back by itself soon after. */
const limitSeconds = 40;

/**
 * What is wrong on a board now, for an error that would only say that time is over: errors, or where there is none warnings. Changes nothing
 * on the board and never throws; what cannot be found out in time is no cause.
 */
export async function examine(board: Board): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitSeconds * 1000);
  });
  try {
    const gathered = await Promise.race([gather(board).catch(() => undefined), late]);
    const found = gathered === undefined ? [] : diagnose(readFacts(gathered));
    const errors = found.filter(({ severity }) => severity === "error");
    return errors.length > 0 ? errors : found.filter(({ severity }) => severity === "warning");
  } finally {
    clearTimeout(timer);
  }
}
