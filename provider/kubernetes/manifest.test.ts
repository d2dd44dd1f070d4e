import { expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { manifest } from "./manifest";

const path = "/var/lib/rancher/k3s/server/manifests/web.yaml";
const wanted = manifest.inputs.parse({
  connection: connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] }),
  path,
  content: "kind: Namespace\nmetadata: { name: web }\n",
});

/** What a preview tells of a manifest that the stack does not have yet, on a board with this at its path. */
async function announced(there: object, isSecret = false): Promise<readonly string[] | undefined> {
  const context = sampleContext({ file: () => Promise.resolve(there) });
  return manifest.announce?.(context, wanted, (property) => isSecret && property === "content");
}

it("tells path and lines of one that is new, and none of a secret one", async () => {
  expect(await announced({ kind: "absent" })).toEqual([
    `${path} is new:\n+ kind: Namespace\n+ metadata: { name: web }`,
  ]);
  expect(await announced({ kind: "absent" }, true)).toEqual([`${path} is new; its content is secret`]);
});

it("tells what becomes of one that somebody else has put there", async () => {
  const content = Buffer.from("kind: Namespace\nmetadata: { name: other }\n");
  const root = { uid: 0, gid: 0, owner: "root", group: "root" };
  const there = { kind: "file", content, size: content.length, sha256: "0".repeat(64), mode: "0600", ...root };
  expect(await announced(there)).toEqual([
    `${path} changes:\n  kind: Namespace\n- metadata: { name: other }\n+ metadata: { name: web }`,
  ]);
  const same = Buffer.from(wanted.content);
  expect(await announced({ ...there, content: same, size: same.length })).toEqual([]);
});

it("tells that one goes, and what comes back", () => {
  expect(manifest.removal?.(wanted)).toEqual([`${path} goes; what was there before us comes back`]);
});
