import { expect, it } from "vitest";
import { UsageError } from "../errors";
import { requireServer } from "./server-needed";

it("says of a stack of agents only what is to be done instead", () => {
  const values = { join: { stack: "organization/k3s-board/home" }, board: {} };
  const refused = () => requireServer("agents", values, "name one of its boards with --host");
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow(
    "stack agents has no server, its agents join the cluster of another one (join): name one of its boards with --host",
  );
});

it("takes every other stack, the empty sections of Pulumi.yaml included", () => {
  requireServer("home", { join: {}, board: { host: "board.example" } }, "");
});
