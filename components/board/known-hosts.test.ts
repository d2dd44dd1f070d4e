import { describe, expect, it } from "vitest";
import { hostKeysFromKnownHosts } from "./known-hosts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE";

describe("hostKeysFromKnownHosts", () => {
  it.each([
    ["plain name, port 22", `board ${key}`, "board", 22, [key]],
    ["a list of names", `board,192.0.2.7 ${key} comment`, "192.0.2.7", 22, [key]],
    ["name with a port", `[127.0.0.1]:2222 ${key}`, "127.0.0.1", 2222, [key]],
    ["the same name on another port", `[127.0.0.1]:2222 ${key}`, "127.0.0.1", 22, []],
    ["comments, revoked keys and empty lines", `# board ${key}\n\n@revoked board ${key}`, "board", 22, []],
    // HMAC-SHA1 of "board" under the salt, as HashKnownHosts writes it
    ["hashed name", `|1|AAECAwQFBgcICQoLDA0ODxAREhM=|lBaHJP9Qtzmd04vSw6ojwAcNPyE= ${key}`, "board", 22, [key]],
  ])("%s", (_title, text, host, port, expected) => {
    expect(hostKeysFromKnownHosts(text, host, port)).toEqual(expected);
  });
});
