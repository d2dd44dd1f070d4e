import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressInSubnet, isSubnet, overlap } from "./subnet";

describe("isSubnet", () => {
  it.each(["10.244.0.0/16", "0.0.0.0/0", "192.168.77.128/25"])("takes %s", (one) => expect(isSubnet(one)).toBe(true));
  it.each(["10.244.1.0/16", "10.256.0.0/16", "10.244.0.0/33", "10.244.0.0", "fd00::/8"])("refuses %s", (one) =>
    expect(isSubnet(one)).toBe(false),
  );
});

describe("addressInSubnet", () => {
  it("gives the cluster's DNS of kubeadm's usual network", () => {
    expect(addressInSubnet("10.96.0.0/12", 10)).toBe("10.96.0.10");
  });

  it("refuses an address outside", () => {
    expect(() => addressInSubnet("10.0.0.0/30", 4)).toThrow(/no address number 4/);
  });
});

describe("overlap", () => {
  const network = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 8, max: 24 }))
    .map(([a, b, bits]) => `10.${a}.${b}.0/${bits}`);

  it("is the same both ways, and holds for a network with itself and all that contain it", () => {
    fc.assert(
      fc.property(network, network, (one, other) => {
        expect(overlap(one, other)).toBe(overlap(other, one));
        expect(overlap(one, one)).toBe(true);
        expect(overlap(one, "0.0.0.0/0")).toBe(true);
      }),
    );
  });

  it.each([
    ["10.244.0.0/16", "10.96.0.0/12", false],
    ["10.100.0.0/16", "10.96.0.0/12", true],
  ])("of %s and %s is %s", (one, other, expected) => expect(overlap(one, other)).toBe(expected));
});
