import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSysctlFile, sysctlFileText, sysctlPath } from "./sysctls";

describe("sysctls", () => {
  it.each([
    ["net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"],
    ["net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"],
  ])("%s is %s", (key, path) => expect(sysctlPath(key)).toBe(path));

  it("reads comments, spaces, dashes and tabs as sysctl.d(5) has them", () => {
    expect(
      parseSysctlFile("# a\n; b\nkernel.panic=10\n-net.core.x = 1\nnet.ipv4.range = 1\t 2\nkernel.panic = 11\n"),
    ).toEqual({
      "kernel.panic": "11",
      "net.core.x": "1",
      "net.ipv4.range": "1 2",
    });
  });

  it("reads what it writes", () => {
    const values = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,5}\.[a-z_]{1,9}$/),
      fc.stringMatching(/^[a-z0-9=]{1,5}( [a-z0-9]{1,3})?$/),
    );
    fc.assert(
      fc.property(values, (wanted) => {
        expect(parseSysctlFile(sysctlFileText(wanted))).toEqual({ ...wanted });
      }),
    );
  });
});
