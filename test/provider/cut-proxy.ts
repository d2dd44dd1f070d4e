import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A proxy on loopback in front of a board's sshd, whose network can be cut. */
export interface CutProxy {
  readonly port: number;
  /** `silent`: nothing passes any more and nobody says so, as when a cable is pulled. `reset`: connections end, and new ones are refused. */
  cut(how: "silent" | "reset"): void;
  close(): void;
}

/** Starts a {@link CutProxy}. */
export async function startCutProxy(port: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => undefined);
    // whoever connects now hears nothing
    if (silent) return;
    const far = connect(port, "127.0.0.1");
    sockets.add(far);
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: (how) => {
      if (how === "reset") server.close();
      silent = true;
      for (const socket of sockets) {
        if (how === "reset") socket.destroy();
        else {
          socket.unpipe();
          socket.pause();
        }
      }
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
