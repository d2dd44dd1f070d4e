import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

interface Reply {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** A connection to QEMU's monitor (QMP, QEMU's JSON protocol). */
export class QmpClient {
  private readonly waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  private next = 1;
  private rest = "";

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      const lines = (this.rest + chunk.toString("utf8")).split("\n");
      this.rest = lines.pop() ?? "";
      for (const line of lines) this.receive(line);
    });
    const fail = (reason: string) => () => {
      for (const { reject } of this.waiting.values()) reject(new Error(`QEMU's monitor: ${reason}`));
      this.waiting.clear();
    };
    socket.on("error", fail("connection broken"));
    socket.on("close", fail("QEMU closed the connection"));
  }

  /**
   * Connects to a monitor, waiting for QEMU to make its socket.
   *
   * @param stillRunning - asked between attempts; a reason ends the waiting.
   * @throws after 20 s, or with the reason.
   */
  static async connect(path: string, stillRunning: () => string | undefined): Promise<QmpClient> {
    const deadline = Date.now() + 20_000;
    for (;;) {
      const stopped = stillRunning();
      if (stopped !== undefined) throw new Error(stopped);
      const socket = await open(path);
      if (socket) {
        const client = new QmpClient(socket);
        await client.execute("qmp_capabilities");
        return client;
      }
      if (Date.now() > deadline) throw new Error(`QEMU's monitor ${path} did not answer within 20 s`);
      await sleep(20);
    }
  }

  /**
   * Runs a command of QMP.
   *
   * @returns its answer.
   * @throws QEMU's description of the error, or after 30 s without an answer.
   */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = this.next++;
    const answered = new Promise<Reply>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    const timer = setTimeout(() => {
      this.waiting.get(id)?.reject(new Error(`QEMU's monitor: no answer to ${command} within 30 s`));
      this.waiting.delete(id);
    }, 30_000);
    try {
      const reply = await answered;
      if (reply.error) throw new Error(`QEMU's monitor: ${command}: ${reply.error.desc}`);
      return reply.return;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(line: string): void {
    const reply = parseReply(line);
    // The greeting and events have no id; nobody here waits for them.
    if (reply?.id === undefined) return;
    this.waiting.get(reply.id)?.resolve(reply);
    this.waiting.delete(reply.id);
  }
}

function parseReply(line: string): Reply | undefined {
  try {
    return JSON.parse(line) as Reply;
  } catch {
    return undefined;
  }
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

/** A field of an answer, as text. */
export function statusOf(answer: unknown): string {
  const status = typeof answer === "object" && answer !== null && "status" in answer ? answer.status : undefined;
  return typeof status === "string" ? status : "";
}
