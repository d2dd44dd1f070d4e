import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensurePassphraseFile, passphraseSource } from "./passphrase";

describe("passphraseSource", () => {
  it("takes the user's", () => {
    expect(passphraseSource({ PULUMI_CONFIG_PASSPHRASE: "x" }, "dev", undefined)).toEqual({ kind: "environment" });
    expect(passphraseSource({ PULUMI_CONFIG_PASSPHRASE_FILE: "/f" }, "prod", undefined)).toEqual({
      kind: "environment",
    });
  });

  it("needs none with another secrets provider", () => {
    expect(passphraseSource({}, "prod", "awskms://key")).toEqual({ kind: "provider" });
  });

  it("has its own for the demo's stack only", () => {
    const env = { XDG_CONFIG_HOME: "/config" };
    expect(passphraseSource(env, "dev", undefined)).toEqual({ kind: "own", file: "/config/k3s-board/dev.passphrase" });
    expect(() => passphraseSource(env, "prod", undefined)).toThrow(/PULUMI_CONFIG_PASSPHRASE_FILE/);
    expect(() => passphraseSource({ PULUMI_CONFIG_PASSPHRASE: "" }, "prod", undefined)).toThrow(/passphrase/);
  });
});

describe("ensurePassphraseFile", () => {
  it("makes one that only its owner can read, once", () => {
    const directory = mkdtempSync(join(tmpdir(), "passphrase-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, "sub", "dev.passphrase");
    ensurePassphraseFile(file);
    const first = readFileSync(file, "utf8");
    ensurePassphraseFile(file);
    expect(readFileSync(file, "utf8")).toBe(first);
    expect(first.trim().length).toBeGreaterThanOrEqual(43);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "sub")).mode & 0o777).toBe(0o700);
  });
});
