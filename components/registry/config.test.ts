import { describe, expect, it } from "vitest";
import { registryConfig } from "./config";

const problems = (section: object) =>
  (registryConfig.safeParse(section).error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

const both = "expected both username and password, or neither";
const open = { kind: "board" };
const reachable = { kind: "board", listen: "192.0.2.7", tls: { certificate: "c.pem", key: "k.pem" } };
const external = { kind: "external", url: "https://registry.example" };
const login = { username: "me", password: "secret" };

describe("a login for the registry", () => {
  it.each([open, external, { ...open, ...login }, { ...external, ...login }, { ...reachable, ...login }])(
    "is taken whole, or is none: %j",
    (section) => expect(problems(section)).toEqual([]),
  );

  it.each([open, reachable, external])("is not taken by half: %j", (section) => {
    expect(problems({ ...section, username: "me" })).toEqual([`password: ${both}`]);
    expect(problems({ ...section, password: "secret" })).toEqual([`username: ${both}`]);
  });

  it("is needed where others reach it", () => {
    expect(problems(reachable)).toEqual([
      expect.stringMatching(/^username: .*192\.0\.2\.7 needs username and password/),
    ]);
  });
});
