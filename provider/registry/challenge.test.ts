import { describe, expect, it } from "vitest";
import { parseChallenge, tokenUrl } from "./challenge";

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
