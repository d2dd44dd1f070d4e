import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runCli } from "../cli";
import type { Project } from "../engine/project";
import { mergeKubeconfig } from "./kubeconfig-merge";

const given = `clusters: [{ name: default, cluster: { server: "https://board:6443" } }]
users: [{ name: default, user: { client-key-data: a2V5 } }]
`;
const own = mergeKubeconfig("clusters: [{ name: work, cluster: { server: 'https://work' } }]", given, "board");

let directory: string;
let said: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "k3s-board-kubeconfig-"));
  writeFileSync(join(directory, "real"), own, { mode: 0o644 });
  symlinkSync("real", join(directory, "config"));
  vi.stubEnv("KUBECONFIG", join(directory, "config"));
  said = "";
  const collect = (text: string | Uint8Array) => (said += String(text)) !== "";
  vi.spyOn(process.stdout, "write").mockImplementation(collect);
  vi.spyOn(process.stderr, "write").mockImplementation(collect);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const run = (...args: string[]) => runCli(["kubeconfig", ...args], {} as Project);

it("takes a stack out of the user's own file, behind its link, without asking the stack", async () => {
  expect(await run("--stack", "board", "--remove"), said).toBe(0);
  const real = join(directory, "real");
  expect(readFileSync(real, "utf8")).toContain("https://work");
  expect(readFileSync(real, "utf8")).not.toContain("a2V5");
  expect(statSync(real).mode & 0o777).toBe(0o600);
  expect(existsSync(`${real}.lock`)).toBe(false);
  expect(await run("--stack", "board", "--remove")).toBe(0);
  expect(said).toContain("has no context board: nothing to do");
});

it("leaves a file alone that kubectl is changing", async () => {
  writeFileSync(join(directory, "real.lock"), "");
  expect(await run("--stack", "board", "--remove")).toBe(1);
  expect(said).toContain("is being changed by another program");
  expect(readFileSync(join(directory, "real"), "utf8")).toBe(own);
});

it.each([
  ["--merge", "--remove"],
  ["--merge", "--file", "x"],
])("refuses %s with %s", async (...flags) => {
  expect(await run(...flags)).toBe(2);
});
