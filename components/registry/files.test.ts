import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { registryFileProblems } from "./files";

it("names each file that cannot be read by its config path", () => {
  const directory = mkdtempSync(join(tmpdir(), "registry-files-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const there = join(directory, "there.pem");
  writeFileSync(there, "");
  const gone = join(directory, "gone.pem");
  const onBoard = { kind: "board", listen: "127.0.0.1", port: 5000 } as const;
  const pathsOf = (config: Parameters<typeof registryFileProblems>[0]) =>
    registryFileProblems(config).map(({ path }) => path);
  expect(pathsOf({ ...onBoard, tls: { certificate: there, key: gone, ca: directory } })).toEqual([
    "registry.tls.ca",
    "registry.tls.key",
  ]);
  const external = { kind: "external", url: "https://registry.example" } as const;
  expect(registryFileProblems({ ...external, ca: gone })).toEqual([
    { path: "registry.ca", reason: expect.stringMatching(/^cannot be read: ENOENT.*gone\.pem/) as string },
  ]);
  expect(pathsOf({ ...external, ca: there })).toEqual([]);
  expect(pathsOf(onBoard)).toEqual([]);
  expect(pathsOf(undefined)).toEqual([]);
});
