import { describe, expect, it } from "vitest";
import { capabilityAttribute } from "./capabilities";

describe("capabilityAttribute", () => {
  it("is what setcap cap_net_bind_service=ep writes", () => {
    expect(capabilityAttribute(["net_bind_service"])["security.capability"]?.toString("hex")).toBe(
      "0100000200040000000000000000000000000000",
    );
  });
});
