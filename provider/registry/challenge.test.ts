import { describe, expect, it } from "vitest";
import { parseChallenge, tokenEnd, tokenUrl } from "./challenge";

describe("parseChallenge", () => {
  it.each([
    ['Basic realm="x"', { scheme: "basic" }],
    ["basic", { scheme: "basic" }],
    [
      'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
      {
        scheme: "bearer",
        realm: "https://auth.example/token",
        service: "registry.example",
        scope: "repository:a/b:pull,push",
      },
    ],
    ["bearer realm=https://auth.example/token", { scheme: "bearer", realm: "https://auth.example/token" }],
    [
      'Basic realm="x", Bearer realm="https://auth.example/token",service="s"',
      { scheme: "bearer", realm: "https://auth.example/token", service: "s" },
    ],
    ["Bearer", undefined],
    ["Negotiate", undefined],
    ["", undefined],
  ])("%s", (header, expected) => expect(parseChallenge(header)).toEqual(expected));
});

describe("tokenUrl", () => {
  it("asks for each scope, also at a realm that is only a path", () => {
    const url = tokenUrl(
      { scheme: "bearer", realm: "/token?x=1", service: "s", scope: "a:pull b:push" },
      new URL("https://r.example"),
    );
    expect(url.href).toBe("https://r.example/token?x=1&service=s&scope=a%3Apull&scope=b%3Apush");
  });
});

describe("tokenEnd", () => {
  it("is a little before the token's, which lives for a minute at least", () => {
    expect(tokenEnd({}, 1000)).toBe(55_000);
    expect(tokenEnd({ expires_in: 300 }, 0)).toBe(270_000);
    expect(tokenEnd({ expires_in: 1 }, 0)).toBe(54_000);
  });
});
