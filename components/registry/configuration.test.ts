import { compareSync } from "bcryptjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { htpasswd, registryConfiguration } from "./configuration";

describe("htpasswd", () => {
  it("is stable, and the password matches it", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[ -~]{1,40}$/), (username, password) => {
        const line = htpasswd(username, password);
        expect(htpasswd(username, password)).toBe(line);
        const [user, hash] = line.trim().split(/:(.*)/s) as [string, string];
        expect(user).toBe(username);
        expect(compareSync(password, hash)).toBe(true);
      }),
      { numRuns: 5 },
    );
  });
});

describe("registryConfiguration", () => {
  it("has neither TLS nor a password file unless they are configured", () => {
    const text = registryConfiguration({ kind: "board", listen: "127.0.0.1", port: 5000 });
    expect(text).toContain("addr: 127.0.0.1:5000");
    expect(text).not.toMatch(/tls|htpasswd/);
  });
});
