import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoard } from "../../emulator/board";
import { buildLauncher, launcherVersions } from "../../emulator/launcher-build";
import { buildGo } from "../../tools/go";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences } from "../board-listing";
import { onBoard } from "../stack/board-view";
import { expectNoChanges } from "../stack/expect-no-changes";
import { type BoardSections, boardSections, TestProject } from "../stack/project";

const name = "upgrade-test";
const { "1.35": former, "1.36": newer } = launcherVersions;
const brokenVersion = "v1.36.9+k3s1";

/** A k3s that says which one it is, and dies when it is to serve. */
const brokenProgram = `package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--version" {
		fmt.Println("k3s version ${brokenVersion} (broken)")
		return
	}
	fmt.Fprintln(os.Stderr, "level=fatal msg=\\"broken on purpose\\"")
	os.Exit(1)
}
`;

/** One cluster serves all tests here, in this order. */
describe.sequential("k3s of another minor version", () => {
  let board: EmulatedBoard;
  let project: TestProject;
  let sections: BoardSections;
  let before: BoardListing;
  const programs = { former: "", newer: "", broken: "" };

  const configure = (version: string, path: string, more: object = {}) =>
    project.configure({ ...sections, k3s: { ...sections.k3s, version, source: { path }, ...more } });
  const kubectl = (command: string) => onBoard(board, `k3s kubectl ${command}`);
  const kubelet = () => kubectl("get nodes -o jsonpath='{.items[*].status.nodeInfo.kubeletVersion}'");
  const containers = () => onBoard(board, "k3s ctr -n k8s.io containers ls -q | sort");
  const stored = async (configMap: string) =>
    (await kubectl(`get configmap ${configMap} --ignore-not-found -o name`)) !== "";

  beforeAll(async () => {
    await downBoard(name);
    const progress = terminalProgress();
    programs.former = await buildLauncher("riscv64", progress, "1.35");
    programs.newer = await buildLauncher("riscv64", progress, "1.36");
    project = new TestProject();
    const module = join(project.directory, "broken");
    mkdirSync(module);
    writeFileSync(join(module, "go.mod"), "module example.test/broken\n\ngo 1.26.0\n");
    writeFileSync(join(module, "main.go"), brokenProgram);
    const broken = await buildGo({ module, packagePath: ".", goarch: "riscv64", name: "k3s" }, progress);
    programs.broken = broken.path;
    board = await upBoard({ name, architecture: "riscv64" }, progress);
    sections = boardSections(board);
    before = await listBoard((script) => onBoard(board, script));
  });

  afterAll(async () => {
    project?.dispose();
    await downBoard(name);
  });

  it("comes up with the older one", async () => {
    configure(former, programs.former);
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(await kubelet()).toBe(former);
    await kubectl("create configmap kept --from-literal=written=before");
  });

  it("comes back by itself, with all that is stored, from one that does not start", async () => {
    const running = await containers();
    configure(brokenVersion, programs.broken);
    const run = await project.run("up");
    expect(run.code, run.text).toBe(1);
    expect(run.text).toMatch(/broken on purpose/);
    expect(await project.nodes()).toEqual(["True"]);
    expect(await kubelet()).toBe(former);
    expect(await stored("kept")).toBe(true);
    expect(await containers()).toBe(running);
    configure(former, programs.former);
    const again = await project.run("up");
    expect(again.code, again.text).toBe(0);
  });

  it("goes up, having copied the datastore, and leaves the pods alone", async () => {
    const running = await containers();
    configure(newer, programs.newer);
    const preview = await project.run("preview");
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toMatch(/copies the datastore \(\d+ MB\) first/);
    expect(preview.report.summary.restarts).toEqual(["k3s.service"]);
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(await kubelet()).toBe(newer);
    expect(await stored("kept")).toBe(true);
    expect(await containers()).toBe(running);
    await expectNoChanges(project);
    await kubectl("create configmap later --from-literal=written=after");
  });

  it("does not go down without consent", async () => {
    configure(former, programs.former);
    const run = await project.run("up");
    expect(run.code, run.text).not.toBe(0);
    expect(run.text).toMatch(/allowDowngrade/);
    expect(await kubelet()).toBe(newer);
  });

  it("goes down with the datastore of before, and what was written since is lost", async () => {
    configure(former, programs.former, { allowDowngrade: "restoreDatastore" });
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(await kubelet()).toBe(former);
    expect(await project.nodes()).toEqual(["True"]);
    expect(await stored("kept")).toBe(true);
    expect(await stored("later")).toBe(false);
    configure(former, programs.former);
    await expectNoChanges(project);
  });

  it("gives the board back", async () => {
    await onBoard(board, "rm -rf /root/.kube");
    const run = await project.run("destroy");
    expect(run.code, run.text).toBe(0);
    expect(listingDifferences(before, await listBoard((script) => onBoard(board, script)))).toEqual([]);
  });
});
