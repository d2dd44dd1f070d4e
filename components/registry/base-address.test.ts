import { expect, it } from "vitest";
import { baseAddress } from "./base-address";

it.each([
  ["https://registry.example", true],
  ["https://registry.example/", true],
  ["http://127.0.0.1:5000", true],
  ["https://registry.example/project", false],
  ["https://registry.example/v2", false],
  ["https://registry.example?a=b", false],
  ["https://registry.example#a", false],
  ["https://me:secret@registry.example", false],
  ["ftp://registry.example", false],
  ["registry.example:5000", false],
])("%s is the base address of a registry: %s", (address, isGood) => {
  expect(baseAddress.safeParse(address).success).toBe(isGood);
});
