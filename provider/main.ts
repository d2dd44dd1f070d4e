import { connect } from "node:net";
import type * as Doctor from "../doctor/examine";
import { EngineLog } from "./engine-log";
import type * as Provider from "./provider";
import { type Handlers, serve } from "./server";
import type { Board } from "./ssh/board";
import { Boards } from "./ssh/boards";

/** The engine's address is the first argument that is no logging option. */
const engine = process.argv
  .slice(2)
  .find((argument, index, all) => !argument.startsWith("-") && all[index - 1] !== "--tracing");
const boards = new Boards();

/** An engine that was killed does not say good-bye; nobody would ever stop this process. */
function endWithEngine(address: string): void {
  const [host = "127.0.0.1", port] = address.split(":");
  const socket = connect(Number(port), host);
  socket.once("connect", () => socket.destroy());
  socket.once("error", () => {
    boards.close();
    process.exit(1);
  });
}
if (engine) setInterval(() => endWithEngine(engine), 5000).unref();

// The engine starts this process twice in a run with a refresh and asks the second nothing, but waits for it: what takes time to load is
// loaded with the first question.
let provider: Handlers | undefined;
/** The doctor, which knows resource types no more than they know it, is put in here; it is needed when something has failed. */
const examine = (board: Board) => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- TypeScript's import() cannot be transpiled for require
  const doctor = require("../doctor/examine") as typeof Doctor;
  return doctor.examine(board);
};
function loaded(): Handlers {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- TypeScript's import() cannot be transpiled for require
  const { BoardProvider } = require("./provider") as typeof Provider;
  return (provider ??= new BoardProvider(boards, new EngineLog(engine), examine));
}

void serve(loaded, "0.1.0").then((port) => {
  // The engine reads the port from the first line.
  process.stdout.write(`${port}\n`);
});
