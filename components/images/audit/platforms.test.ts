import { describe, expect, it } from "vitest";
import type { Architecture } from "../../board/architecture";
import { linux } from "../image";
import { platformFits, platformText, type OfferedPlatform } from "./platforms";

describe("platformFits", () => {
  it.each<[string, Architecture, boolean]>([
    ["linux/riscv64", "riscv64", true],
    ["linux/riscv64/rva23u64", "riscv64", false],
    ["linux/arm64", "arm64", true],
    ["linux/arm64/v8", "arm64", true],
    ["linux/arm64/v9", "arm64", false],
    ["linux/arm/v7", "arm64", false],
    ["linux/amd64/v1", "amd64", true],
    ["linux/amd64/v3", "amd64", false],
    ["windows/amd64", "amd64", false],
  ])("%s for %s: %s", (text, architecture, expected) => {
    const [os = "", offered = "", variant] = text.split("/");
    const platform: OfferedPlatform = { os, architecture: offered, ...(variant ? { variant } : {}) };
    expect(platformText(platform)).toBe(text);
    expect(platformFits(platform, linux(architecture))).toBe(expected);
  });
});
