import { expect, it } from "vitest";
import type { Facts } from "./facts";
import { healthy, waitingPod } from "./fixtures/healthy";
import { troubles } from "./trouble";

const image = "r.lan:5000/a/b:1";
const backOff = `Back-off pulling image "${image}"`;
const failed = `Failed to pull image "${image}": rpc error: code = Unknown desc = x509: certificate signed by unknown authority`;

const event = (message: string, name = "a"): NonNullable<Facts["events"]>[number] => ({
  kind: "Pod",
  namespace: "kube-system",
  type: "Warning",
  reason: "Failed",
  count: 1,
  at: 0,
  name,
  message,
});
/** What is told of a pod that waits so, by these events. */
const told = (message: string, ...events: NonNullable<Facts["events"]>) => {
  const pods = [waitingPod("ImagePullBackOff", message, { name: "a", image })];
  return troubles({ ...healthy(), pods, events }).map((trouble) => trouble.message);
};

it("a kubelet that waits with a pull without saying why has said it in an event (Kubernetes up to 1.31)", () => {
  const older = event(`Failed to pull image "${image}": connection refused`);
  const others = [event("Error: ErrImagePull"), event('Failed to pull image "c:1": no space left on device')];
  expect(told(backOff, older, event(failed), ...others)).toEqual([failed]);
  expect(told(backOff, event(failed, "another"), ...others)).toEqual([backOff]);
});

it("a kubelet that says why it waits is taken at its word", () => {
  const why = `${backOff}: ErrImagePull: connection refused`;
  expect(told(why, event(failed))).toEqual([why]);
});
