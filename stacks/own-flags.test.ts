import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostArchitecture } from "../tools/host-architecture";
import { ConfigError } from "./config";
import { configuredMembers, requireOwnFlags } from "./own-flags";
import type { PreparedMember } from "./prepared";

describe("requireOwnFlags", () => {
  let directory: string;
  let local: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "k3s-board-own-flags-"));
    local = join(directory, "k3s");
    const flags = Array.from({ length: 12 }, (_, index) => `   --flag-${index}  (test) of $1`).join("\n");
    writeFileSync(local, `#!/bin/sh\n[ "$2" = --help ] || exit 1\ncat <<E\n${flags}\nE\n`, { mode: 0o755 });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const member = (name: string, config: Readonly<Record<string, unknown>>, version?: string) =>
    ({
      name,
      config: { arch: hostArchitecture(), config, version },
      node: { binary: { kind: "file", local, path: "/usr/local/bin/k3s" } },
    }) as unknown as PreparedMember<{
      arch: ReturnType<typeof hostArchitecture>;
      config: typeof config;
      version?: string;
    }>;

  it("asks the program of each node, and tells all that it does not know with their paths", async () => {
    const servers = configuredMembers("servers", [member("s2", { "flag-1": 1, "flag-x": 1 })], "v1.37.0+k3s1");
    const agents = [member("a", { other: true }), member("older", { other: true }, "v1.36.3+k3s1")];
    const asked = requireOwnFlags([...servers, ...configuredMembers("agents", agents, "v1.37.0+k3s1")]);
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow(
      "  servers.s2.config.flag-x: k3s v1.37.0+k3s1 has no flag --flag-x, by its own help; did you mean flag-0?\n" +
        "  agents.a.config.other: k3s v1.37.0+k3s1 has no flag --other, by its own help",
    );
  });

  it("has nothing to say where all are known", async () => {
    await requireOwnFlags(configuredMembers("servers", [member("s2", { "flag-1": 1 })], "v1.37.0+k3s1"));
  });
});
