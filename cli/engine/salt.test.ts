import { describe, expect, it } from "vitest";
import { withoutAddedSalt } from "./salt";

const config = "# a comment\nconfig:\n  k3s-board:board:\n    host: 127.0.0.1\n";
const salt = "encryptionsalt: v1:EXrUzc8X09Q=:v1:LSN3oBWmlKkii8OR:IlK3\n";

describe("withoutAddedSalt", () => {
  it("takes out what the engine added", () => expect(withoutAddedSalt(config, config + salt)).toBe(config));
  it("restores what the engine has only written in another way", () => {
    const flow = "config:\n  p:a: true\n  p:b: [x, y]\n";
    expect(withoutAddedSalt(flow, `config:\n  p:a: "true"\n  p:b:\n    - x\n    - y\n${salt}`)).toBe(flow);
  });
  it("leaves a file that had a salt", () => expect(withoutAddedSalt(salt + config, salt + config)).toBeUndefined());
  it("leaves a file that the user changed meanwhile", () =>
    expect(withoutAddedSalt(config, `${config}  k3s-board:k3s: {}\n${salt}`)).toBeUndefined());
  it("leaves a file without a salt", () => expect(withoutAddedSalt(config, config)).toBeUndefined());
});
