import { expect, it } from "vitest";
import { restorableIn } from "./copies";

const backup = { name: "backups/000001-v1.36.3", path: "/b/000001-v1.36.3", version: "v1.36.3", made: 1, mebibytes: 2 };
const datastore = { kind: "sqlite", mebibytes: 2, members: 0, copies: [], backups: [backup] };

it("finds the server's datastore among the resources of a stack", () => {
  const server = { datastoreCopies: { datastore: "/db", version: "v1.36.3" }, datastore };
  const others = [
    { type: "board:index:SystemdService", outputs: { name: "k3s-board-registry" } },
    { type: "x", outputs: server },
  ];
  expect(restorableIn([...others, { type: "board:index:SystemdService", outputs: server }])).toEqual({
    datastore,
    version: "v1.36.3",
  });
  expect(restorableIn(others)).toBeUndefined();
});
