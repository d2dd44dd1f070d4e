import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";

/** A TCP server on a port of its own, for tests. */
export interface SampleServer {
  /** A stream to it that is no socket, as a channel of an SSH connection. */
  readonly channel: () => Promise<Duplex>;
  readonly stop: () => void;
}

/** Listens on loopback. */
export async function sampleServer(server: Server): Promise<SampleServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => void sockets.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    channel: () => Promise.resolve(channelOver(connect(port, "127.0.0.1"))),
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A server that takes connections and does what `answer` does with them; says nothing by default. */
export function tcpServer(answer: (socket: Socket) => void = (socket) => void socket.resume()): Promise<SampleServer> {
  return sampleServer(createServer(answer));
}

function channelOver(socket: Socket): Duplex {
  const channel = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk: Buffer) => channel.push(chunk));
  socket.on("end", () => channel.push(null));
  return channel;
}
