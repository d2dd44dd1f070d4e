import { expect, it } from "vitest";
import { readBundle, writeBundle } from "./bundle";
import { healthy } from "./fixtures/healthy";
import type { Gathered } from "./gather/gather";

const answers = { units: { text: "Id=k3s.service\n", code: 0, error: "" } } as Gathered["answers"];

it("a bundle gives back the facts that were put in, to the bit the same each time", async () => {
  const gathered: Gathered = { board: "b", at: 0, took: 0, answers, api: {} };
  const bundle = writeBundle(healthy(), gathered);
  expect(await readBundle(bundle)).toEqual(healthy());
  expect(writeBundle(healthy(), gathered).equals(bundle)).toBe(true);
  expect(bundle.includes("sections/units.txt")).toBe(true);
});

it("what is no bundle is said to be none", async () => {
  await expect(readBundle(Buffer.from("hello"))).rejects.toThrow("it is no bundle of the doctor");
});
