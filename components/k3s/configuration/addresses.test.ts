import { expect, it } from "vitest";
import { isInNetwork } from "./addresses";

it.each([
  ["10.42.0.0", "10.42.0.0/16", true],
  ["10.42.255.255", "10.42.0.0/16", true],
  ["10.43.0.0", "10.42.0.0/16", false],
  ["10.42.7.1", "10.42.9.9/16", true],
  ["192.0.2.7", "0.0.0.0/0", true],
  ["fd00:42::7", "fd00:42::/56", true],
  ["fd00:43::7", "fd00:42::/56", false],
  ["10.42.0.1", "fd00:42::/56", false],
  ["fd00:42::7", "10.42.0.0/16", false],
  ["", "10.42.0.0/16", false],
  ["10.42.0.1", "10.42.0.0", false],
])("whether '%s' is in %s: %s", (address, network, isIn) => expect(isInNetwork(address, network)).toBe(isIn));
