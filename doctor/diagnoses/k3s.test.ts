import { expect, it } from "vitest";
import { healthy, unitOf } from "../fixtures/healthy";
import { journaled } from "../fixtures/journaled";
import { k3sFindings } from "./k3s";

it("a token that was refused an hour before k3s started is not why it does not run", () => {
  const units = [unitOf({ active: "activating", sub: "auto-restart", result: "exit-code", exitStatus: 1 })];
  const started = units[0]?.started ?? 0;
  const said = (seconds: number) => {
    const refused = journaled(
      seconds,
      'level=fatal msg="bootstrap data already found and encrypted with different token"',
    );
    const now = journaled(started + 1, 'level=fatal msg="flag provided but not defined: -disabel"');
    return k3sFindings({ ...healthy(), units, journal: { k3s: [refused, now] } }).map(({ id }) => id);
  };
  expect(said(started)).toEqual(["token-mismatch", "k3s-down"]);
  // the run before: this one may not have got so far
  expect(said(started - 100)).toEqual(["token-mismatch", "k3s-down"]);
  expect(said(started - 3600)).toEqual(["k3s-down"]);
});

it("of what a k3s that does not run has said, its last word comes first", () => {
  const units = [unitOf({ active: "activating", sub: "auto-restart" })];
  const lines = [
    "etcd: error 1",
    "etcd: error 2",
    "kubelet: error 3",
    "kubelet: error 4",
    'level=fatal msg="kubelet exited"',
  ];
  const k3s = [...lines, "k3s.service: Main process exited", "etcd: error of the next start"].map((line) =>
    journaled(1, line),
  );
  const [{ evidence } = { evidence: [] }] = k3sFindings({ ...healthy(), units, journal: { k3s } });
  expect(evidence.map((line) => line.replace(/^.*k3s\[9\]: /, ""))).toEqual(lines.slice(1).reverse());
});
