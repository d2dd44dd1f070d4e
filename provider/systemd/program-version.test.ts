import { describe, expect, it } from "vitest";
import { isVersion, versionIn } from "./program-version";

describe("versionIn", () => {
  it.each([
    ["k3s version v1.36.3+k3s1 (launcher)\ngo version go1.26.8\n", "v1.36.3+k3s1"],
    ["k3s version v1.24.2+k3s- (00000000)", "v1.24.2+k3s-"],
    ["k3s version v1.30.0-rc.1+k3s1 (abc)", "v1.30.0-rc.1+k3s1"],
    ["registry github.com/distribution/distribution/v3 3.1.2", "3.1.2"],
    ["sleep (GNU coreutils) 9.7", undefined],
    ["", undefined],
  ])("%j", (output, version) => expect(versionIn(output)).toBe(version));
});

describe("isVersion", () => {
  it.each([
    ["v1.36.3+k3s1", "v1.36.3+k3s1", true],
    ["v1.36.3+k3s1", "1.36.3+k3s1", true],
    ["v1.36.3+k3s1", "v1.36.3", true],
    ["v1.36.3+k3s1", "v1.36.3+k3s2", false],
    ["v1.36.3", "v1.36.3+k3s1", false],
    ["v1.36.2+k3s1", "v1.36.3", false],
    ["v1.36.30", "v1.36.3", false],
  ])("%s as %s: %s", (found, wanted, same) => expect(isVersion(found, wanted)).toBe(same));
});
