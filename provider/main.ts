import { connect } from "node:net";
import { EngineLog } from "./engine-log";
import { BoardProvider } from "./provider";
import { serve } from "./server";
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

void serve(new BoardProvider(boards, new EngineLog(engine)), "0.1.0").then((port) => {
  // The engine reads the port from the first line.
  process.stdout.write(`${port}\n`);
});
