import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findPlugin, packageProblem } from "./pulumi-packages";

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), "k3s-board-plugins-"))));
afterEach(() => rmSync(home, { recursive: true }));

function install(version: string): string {
  const directory = join(home, `plugins/resource-command-v${version}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "pulumi-resource-command"), "");
  chmodSync(join(directory, "pulumi-resource-command"), 0o755);
  return directory;
}

it("finds a plugin of exactly the version, whole", () => {
  const env = { PULUMI_HOME: home };
  install("1.2.0");
  expect(findPlugin("command", "1.2.1", env)).toBeUndefined();
  const directory = install("1.2.1");
  expect(findPlugin("command", "1.2.1", env)).toBe(join(directory, "pulumi-resource-command"));
  writeFileSync(`${directory}.partial`, "");
  expect(findPlugin("command", "1.2.1", env)).toBeUndefined();
});

it("says all that is to be installed, and nothing where all is there", () => {
  const env = { PULUMI_HOME: home };
  expect(packageProblem("@pulumi/command", env, "4.5.0")).toBe(
    `needs the npm package @pulumi/command 1.2.1 (4.5.0 is installed) and Pulumi's plugin command v1.2.1 (looked into ${home}/plugins and PATH), ` +
      "which this program does not bring: run `npm install --no-save @pulumi/command@1.2.1` and `pulumi plugin install resource command v1.2.1`",
  );
  install("1.2.1");
  expect(packageProblem("@pulumi/command", env, "1.2.1")).toBeUndefined();
});
