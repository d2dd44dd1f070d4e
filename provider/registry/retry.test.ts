import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMilliseconds, isPassingFailure, retryAfterSeconds } from "./retry";

describe("retryAfterSeconds", () => {
  const now = Date.parse("Fri, 31 Dec 1999 23:59:00 GMT");
  it.each([
    ["120", 120],
    [" 0 ", 0],
    ["Fri, 31 Dec 1999 23:59:59 GMT", 59],
    ["Fri, 31 Dec 1999 23:58:00 GMT", 0],
    ["Friday, 31-Dec-99 23:59:10 GMT", 10],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s", (header, expected) => expect(retryAfterSeconds(header, now)).toBe(expected));

  it("is never less than the date says", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 999 }), (wait, milliseconds) => {
        const at = now + milliseconds;
        const header = new Date(now + wait * 1000).toUTCString();
        const seconds = retryAfterSeconds(header, at) ?? -1;
        expect(at + seconds * 1000).toBeGreaterThanOrEqual(now + wait * 1000);
        expect(seconds).toBeLessThanOrEqual(wait);
      }),
    );
  });
});

describe("backoffMilliseconds", () => {
  it("doubles, and stays within 8 s", () => {
    expect([1, 2, 3, 4, 5, 6, 60].map(backoffMilliseconds)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });
});

describe("isPassingFailure", () => {
  it("waits for a server that was there, and reports at once one that never was", () => {
    expect(isPassingFailure("ECONNREFUSED", true)).toBe(true);
    expect(isPassingFailure("ECONNREFUSED", false)).toBe(false);
    expect(isPassingFailure("ECONNRESET", false)).toBe(true);
    expect(isPassingFailure("DEPTH_ZERO_SELF_SIGNED_CERT", true)).toBe(false);
    expect(isPassingFailure(undefined, true)).toBe(false);
  });
});
