import { afterEach, describe, expect, it, vi } from "vitest";
import type { Datastore } from "../kubernetes/datastore";
import { chosenCopy, describeCopy, restoreChange, restoreNotes, restoreVariable } from "./restore";
import { serviceInputs, type ServiceState } from "./schema";

const copy = (name: string, version: string) => ({
  name,
  version,
  path: `/copies/${name}`,
  made: 1_790_000_000,
  mebibytes: 12,
});
const datastore: Datastore = {
  kind: "sqlite",
  mebibytes: 20,
  members: 0,
  copies: [copy("upgrades/000001-v1.35.4+k3s1", "v1.35.4+k3s1")],
  backups: [copy("backups/000007-v1.36.1+k3s1", "v1.36.1+k3s1")],
};
const wanted = serviceInputs.parse({
  connection: { host: "b", user: "root", hostKeys: ["ssh-ed25519 AAAA"] },
  name: "k3s",
  datastoreCopies: { datastore: "/db", backups: "/copies", version: "v1.36.3+k3s1" },
});
const there: ServiceState = {
  ...wanted,
  unsettled: false,
  needsDaemonReload: false,
  programReplaced: false,
  datastore,
};

afterEach(() => vi.unstubAllEnvs());

describe("a restore", () => {
  it("takes the copy of that name, if the program can read it", () => {
    expect(chosenCopy("backups/000007-v1.36.1+k3s1", "v1.36.3+k3s1", datastore)).toMatchObject({
      version: "v1.36.1+k3s1",
    });
    expect(chosenCopy("upgrades/000001-v1.35.4+k3s1", "v1.36.3", datastore)).toMatch(
      /only a copy of the same minor version/,
    );
    expect(chosenCopy("backups/1", "v1.36.3", datastore)).toMatch(
      /^there is no copy backups\/1: there are backups\/000007/,
    );
    expect(chosenCopy("x", "v1.36.3", undefined)).toBe("there is no copy x: there are none");
    expect(chosenCopy("backups/000007-v1.36.1+k3s1", "v1.36.3", { ...datastore, kind: "etcd" })).toMatch(
      /embedded etcd/,
    );
  });

  it("is told with what is lost", () => {
    vi.stubEnv(restoreVariable, "backups/000007-v1.36.1+k3s1");
    expect(restoreNotes(there, wanted)).toEqual([
      `restores the datastore from ${describeCopy(datastore.backups[0] ?? copy("", ""))}: what was written since then is lost`,
      "copies the datastore of now (20 MB) first; a roll-back brings it back",
    ]);
    expect(restoreChange(there, wanted)).toEqual({
      directory: "/db",
      version: "v1.36.3+k3s1",
      restore: "/copies/backups/000007-v1.36.1+k3s1",
      seconds: 136,
    });
  });

  it("is nothing in every other run, and for every other service", () => {
    expect(restoreNotes(there, wanted)).toEqual([]);
    expect(restoreChange(there, wanted)).toBeUndefined();
    vi.stubEnv(restoreVariable, "backups/000007-v1.36.1+k3s1");
    const { datastoreCopies: _copies, ...other } = wanted;
    expect(restoreChange({ ...there, ...other }, other)).toBeUndefined();
  });
});
