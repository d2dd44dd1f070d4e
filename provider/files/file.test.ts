import { expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { file } from "./file";

it("shows what somebody else has written without what sounds like a secret", async () => {
  const content = Buffer.from("registry: r\npassword: hunter2\nproxy: http://me:word@proxy:3128\n");
  const found = { kind: "file", content, size: content.length, sha256: "0".repeat(64), mode: "0644", uid: 0, gid: 0 };
  const board = { file: () => Promise.resolve({ ...found, owner: "root", group: "root" }) };
  const wanted = file.inputs.parse({
    connection: connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] }),
    path: "/etc/foreign",
    content: "registry: other\n",
  });
  expect(await file.announce?.(sampleContext(board), wanted, () => false)).toEqual([
    "/etc/foreign changes:\n- registry: r\n- password: ***\n- proxy: http://***@proxy:3128\n+ registry: other",
  ]);
});
