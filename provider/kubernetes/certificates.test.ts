import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import type { Board, FileOnBoard } from "../ssh/board";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { certificateEnds, certificateWarning } from "./certificates";
import { k3sData } from "./k3s-data";

const now = new Date("2026-11-01T12:00:00Z");
const at = (path: string, notAfter: string) => ({ path, notAfter: new Date(notAfter) });

it.each([
  [[], undefined],
  [[at("/a.crt", "2027-03-02T12:00:00Z")], undefined],
  [[at("/a.crt", "2027-02-28T12:00:00Z")], "the certificate /a.crt expires on 2027-02-28, in 119 days: "],
  [
    [at("/a.crt", "2027-02-01T12:00:00Z"), at("/b.crt", "2026-11-03T11:00:00Z")],
    "the certificate /b.crt expires on 2026-11-03, in one day: ",
  ],
  [[at("/a.crt", "2026-10-31T12:00:00Z")], "the certificate /a.crt has expired on 2026-10-31: "],
])("%j", (ends, warning) => {
  const found = certificateWarning(ends, now);
  if (warning === undefined) expect(found).toBeUndefined();
  else expect(found?.startsWith(warning)).toBe(true);
});

/** A board that has some files, as `board.file` tells of them. */
function boardWith(files: Readonly<Record<string, Buffer>>): Pick<Board, "file"> {
  return {
    file(path) {
      const content = files[path];
      const there = { kind: "file", mode: "0644", owner: "root", uid: 0, group: "root", gid: 0, size: 1, sha256: "" };
      return Promise.resolve((content === undefined ? { kind: "absent" } : { ...there, content }) as FileOnBoard);
    },
  };
}

/** A certificate for so many days from now on. */
function certificate(days: number): Buffer {
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"];
  const args = ["req", "-x509", ...newKey, "-days", String(days), "-subj", "/CN=test"];
  return execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
}

it("reads what a node has of them, and leaves out what is none", async () => {
  const board = boardWith({
    "/k3s/server/tls/client-admin.crt": certificate(10),
    "/k3s/agent/client-kubelet.crt": Buffer.from("not yet"),
  });
  const ends = await certificateEnds(board as Board, "/k3s");
  expect(ends.map(({ path }) => path)).toEqual(["/k3s/server/tls/client-admin.crt"]);
  expect(Math.round(((ends[0]?.notAfter.getTime() ?? 0) - Date.now()) / 86_400_000)).toBe(10);
});

it("is told of k3s's data whenever it is looked at, and changes nothing", async () => {
  const connection = connectionArgs.parse({ host: "h", hostKeys: ["ssh-ed25519 AAAA"] });
  const state = { connection, dataDir: "/k3s", onDestroy: "remove" as const, ours: [] };
  const said: string[] = [];
  const look = (days: number) => {
    const board = boardWith({ "/k3s/agent/serving-kubelet.crt": certificate(days) });
    return k3sData.read(sampleContext(board, said), "/k3s", state);
  };
  expect((await look(365))?.state).toEqual(state);
  expect(said).toEqual([]);
  await look(30);
  expect(said).toEqual([
    expect.stringMatching(/^warning: the certificate \/k3s\/agent\/serving-kubelet.crt expires on/),
  ]);
});
