import { generateKeyPairSync } from "node:crypto";
import { type AddressInfo, connect } from "node:net";
import ssh2, { type Connection as ServerConnection, type ServerChannel, type Session } from "ssh2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BoardError } from "./board-error";
import { connectionArgs } from "./connection-args";
import { SshBoard } from "./connection";

const { Server, utils } = ssh2;
// ssh2 reads this form of a key, and Node makes no other for RSA that it does
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" });
const parsed = utils.parseKey(key);
if (parsed instanceof Error) throw parsed;
const hostKey = `ssh-rsa ${parsed.getPublicSSH().toString("base64")}`;

/** What the sample sshd does with a command; by default it answers `ok`. */
let onCommand: (accept: () => ServerChannel, client: ServerConnection) => void;
/** Connections that the sample sshd has at the moment. */
const clients = new Set<ServerConnection>();
let port: number;
let board: SshBoard;
const answerOk = (accept: () => ServerChannel) => {
  const channel = accept();
  channel.write("ok");
  channel.exit(0);
  channel.end();
};

const server = new Server({ hostKeys: [key] }, (client) => {
  clients.add(client);
  client.on("close", () => void clients.delete(client));
  client.on("error", () => undefined);
  client.on("authentication", (request) => request.accept());
  client.on("session", (accept) => {
    const session: Session = accept();
    session.on("exec", (accepted) => onCommand(accepted, client));
  });
  client.on("tcpip", (accept, _reject, { destIP, destPort }) => {
    const channel = accept();
    const socket = connect(destPort, destIP);
    socket.on("error", () => channel.end());
    channel.on("error", () => socket.destroy());
    socket.pipe(channel).pipe(socket);
  });
});

const connection = (more: object = {}) =>
  connectionArgs.parse({ host: "127.0.0.1", port, password: "p", hostKeys: [hostKey], ...more });
const asking = (on: SshBoard) => on.run("echo", { purpose: "asking", timeoutSeconds: 5 });
async function trouble(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof BoardError ? error.trouble : error;
}

beforeEach(async () => {
  onCommand = answerOk;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  board.close();
  for (const client of clients) client.end();
  await new Promise((resolve) => server.close(resolve));
});

describe("a connection that breaks", () => {
  it("before the sudo password was tried is no answer for ever", async () => {
    onCommand = (_accept, client) => client.end();
    board = new SshBoard(connection({ user: "plain", sudoPassword: "s" }));
    expect(await trouble(asking(board))).toBe("broken");
    onCommand = answerOk;
    expect(await asking(board)).toMatchObject({ code: 0, stdout: "ok" });
  });

  it("while others wait for a session is told to each of them", async () => {
    let commands = 0;
    onCommand = (_accept, client) => {
      commands += 1;
      if (commands === 8) client.end();
    };
    board = new SshBoard(connection());
    const answers = await Promise.all(Array.from({ length: 12 }, () => trouble(asking(board))));
    expect(answers).toEqual(Array.from({ length: 12 }, () => "broken"));
  });

  it("while a forwarded channel is opened does not mean that nothing listens there", async () => {
    board = new SshBoard(connection());
    await asking(board);
    for (const client of clients) {
      client.removeAllListeners("tcpip");
      client.on("tcpip", () => client.end());
    }
    expect(await trouble(board.forward("127.0.0.1", 1))).toBe("broken");
  });

  it("takes the connection to its jump host with it", async () => {
    board = new SshBoard(connection({ jump: connection() }));
    expect(await asking(board)).toMatchObject({ stdout: "ok" });
    expect(clients.size).toBe(2);
    const [, inner] = clients;
    inner?.end();
    await expect.poll(() => clients.size, { timeout: 5000 }).toBe(0);
    expect(await asking(board)).toMatchObject({ stdout: "ok" });
    expect(clients.size).toBe(2);
  });
});
