import { describe, expect, it } from "vitest";
import { masking } from "./masking";

describe("masking", () => {
  const mask = masking({ files: [{ content: "token: K10abc::server:s3cret\nport: 6443\n" }], password: "hunter22" }, [
    ["files", 0, "content"],
    ["password"],
  ]);
  it("hides secrets and the long words of secret files", () => {
    expect(mask('starting with token K10abc::server:s3cret, password="hunter22"')).toBe(
      'starting with token ***, password="***"',
    );
  });
  it("hides the passwords of a connection, and tells where it leads", () => {
    const connection = {
      host: "board.example",
      hostKeys: ["ssh-ed25519 AAAA"],
      password: "hunter22",
      jump: { host: "jump.example", password: "hunter33" },
    };
    const masked = masking({ connection }, [["connection"]]);
    expect(masked("board.example by jump.example: hunter22, hunter33")).toBe("board.example by jump.example: ***, ***");
  });
  it("tells where a connection within another property leads", () => {
    const drain = { connection: { host: "server.example", password: "hunter22" }, node: "worker1" };
    const masked = masking({ drain }, [["drain", "connection"]]);
    expect(masked("worker1 by server.example: hunter22")).toBe("worker1 by server.example: ***");
  });
  it("leaves other text alone", () => {
    expect(mask("listening on port 6443")).toBe("listening on port 6443");
  });
});
