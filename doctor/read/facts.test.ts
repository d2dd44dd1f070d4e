import { expect, it } from "vitest";
import type { Board } from "../../provider/ssh/board";
import { BoardError } from "../../provider/ssh/board-error";
import { diagnose } from "../diagnose";
import { healthy } from "../fixtures/healthy";
import { gather } from "../gather/gather";
import { readFacts } from "./facts";

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is made of a healthy board that answers so when it is asked for its sandboxes. */
async function seen(sandboxes: () => Promise<Said>) {
  const ask = (title: string) =>
    title === "doctor crictl-pods" ? sandboxes() : Promise.resolve({ code: 0, stdout: "", stderr: "" });
  const file = () => Promise.resolve({ kind: "absent" });
  const { unseen } = readFacts(await gather({ label: "root@board:22", ask, file } as unknown as Board));
  const [why] = unseen.flatMap(({ what, why }) => (what === "sandboxes" ? [why] : []));
  return { why, found: diagnose({ ...healthy(), sandboxes: undefined, unseen }).map(({ id }) => id) };
}
const said = (code: number, stdout = "", stderr = "") => seen(() => Promise.resolve({ code, stdout, stderr }));

it.each([
  ["its time was over", 124, "", "", "no answer within 12 s"],
  ["it was killed", 137, "", "", "no answer within 12 s"],
  ["crictl says why", 1, "", "connect: connection refused", "connect: connection refused"],
])("containerd is silent where %s", async (_title, code, stdout, stderr, why) => {
  expect(await said(code, stdout, stderr)).toEqual({ why, found: ["containerd-down"] });
});

it.each([
  ["there is no crictl", 127, "", "there is no crictl", "there is no crictl"],
  ["k3s has not run yet", 127, "", "k3s has not unpacked its tools", "k3s has not unpacked its tools"],
  ["the answer was cut off", 141, '{"items": [{"id', "", "the answer cannot be read"],
  ["what cut the answer off hid that it was", 0, '{"items": [{"id', "", "the answer cannot be read"],
])("nothing is known of containerd where %s", async (_title, code, stdout, stderr, why) => {
  expect(await said(code, stdout, stderr)).toEqual({ why, found: [] });
});

it("nothing is known of containerd where the connection broke before it was asked", async () => {
  const broken = new BoardError("broken", "root@board:22", "the connection broke while it was asked");
  expect(await seen(() => Promise.reject(broken))).toEqual({ why: broken.message, found: [] });
});
