import { describe, expect, it } from "vitest";
import type { Context } from "../resource";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { agentToken, serverToken } from "./join-token";

const connection = connectionArgs.parse({ host: "board.example", hostKeys: ["ssh-ed25519 AAAA"] });
const wanted = { connection, dataDir: "/var/lib/rancher/k3s", configured: "" };
const full = `K10${"a".repeat(64)}::node:secret`;

/** A board whose token files hold a text. */
function contextWith(text: string): Context {
  const board = { label: "root@board.example:22", ask: () => Promise.resolve({ code: 0, stdout: text, stderr: "" }) };
  return sampleContext(board);
}

describe("AgentToken", () => {
  it("is the full form that pins the cluster's CA", async () => {
    expect((await agentToken.create(contextWith(`${full}\n`), wanted)).state.token).toBe(full);
    expect(agentToken.secretOutputs).toContain("token");
  });

  it.each(["", "secret", "K10abc::node:secret"])("refuses %j, and does not repeat it", async (text) => {
    const refused = await agentToken.create(contextWith(text), wanted).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(refused).toMatch(/there is no token for agents in its full form/);
    if (text !== "") expect(refused).not.toContain(text);
  });

  it("follows the server's: another one is found by a refresh, and none at all is gone", async () => {
    const state = { ...wanted, token: full };
    const other = full.replace("secret", "other");
    expect(await agentToken.read(contextWith(other), "", state)).toEqual({
      state: { ...wanted, token: other },
      inputs: wanted,
    });
    expect(await agentToken.read(contextWith(""), "", state)).toBeUndefined();
  });

  it("is read anew where the configuration says another thing of tokens", async () => {
    const state = { ...wanted, token: full };
    expect(await agentToken.diff(state, { ...wanted, configured: "other" }, () => true)).toEqual({
      changed: ["configured"],
    });
    const rotated = full.replace("secret", "rotated");
    expect((await agentToken.update(contextWith(rotated), "", state, { ...wanted, configured: "other" })).token).toBe(
      rotated,
    );
  });

  it("has its own for servers", async () => {
    const asked: string[] = [];
    const of = sampleContext({
      label: "b",
      ask: (_key: string, script: string) => (asked.push(script), Promise.resolve({ code: 0, stdout: "", stderr: "" })),
    });
    await expect(serverToken.create(of, wanted)).rejects.toThrow(/there is no token for servers in its full form/);
    expect(asked).toEqual(["cat /var/lib/rancher/k3s/server/token 2>/dev/null || true"]);
  });
});
