import { describe, expect, it } from "vitest";
import type { Board } from "../ssh/board";
import { look } from "./look";
import { serviceInputs } from "./schema";

const db = "/var/lib/rancher/k3s/server/db";
const wanted = serviceInputs.parse({
  connection: { host: "b", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
  name: "k3s",
  program: {
    path: "/usr/local/bin/k3s",
    source: "k3s",
    upgrade: { kind: "kubernetes", allowDowngrade: false, datastore: db },
  },
  health: { kind: "kubernetes", kubeconfig: "/etc/rancher/k3s/k3s.yaml" },
});

/** A board whose k3s does not answer: there is no kubeconfig that leads to it. */
function boardWith(datastore: string) {
  const asked: string[] = [];
  const board = {
    label: "root@b:22",
    ask: (key: string) =>
      Promise.resolve({
        code: 0,
        stdout: key.startsWith("datastore") ? datastore : "LoadState=loaded\nActiveState=failed\n",
        stderr: "",
      }),
    file: (path: string) => {
      asked.push(path);
      return Promise.resolve({ kind: "absent" });
    },
  };
  return { board: board as unknown as Board, asked };
}

describe("the members of an etcd whose cluster does not answer", () => {
  const known = { kind: "etcd", mebibytes: 1, members: 3, copies: [], backups: [] } as const;

  it.each<[string, string, typeof known | undefined, number]>([
    ["as many as were there when it answered", "Datastore=etcd 4000 1\n", known, 3],
    ["those of its own configuration, where nobody has asked before", "Datastore=etcd 4000 1\n", undefined, 1],
    ["none, where it is SQLite", "Datastore=sqlite 4000 0\n", known, 0],
  ])("are %s", async (_title, said, before, members) => {
    const { board } = boardWith(said);
    expect((await look(board, wanted, before)).state.datastore?.members).toBe(members);
  });

  it("are of no matter where no program of ours changes", async () => {
    const { board, asked } = boardWith("Datastore=etcd 4000 1\n");
    const { program: _program, ...installed } = wanted;
    const like = { ...installed, datastoreCopies: { datastore: db, version: "v1.36.3+k3s1" } };
    expect((await look(board, like, known)).state.datastore?.members).toBe(1);
    expect(asked).toEqual([]);
  });
});
