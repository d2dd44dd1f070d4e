import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downBoard, type EmulatedBoard, upBoard } from "../../emulator/board";
import { terminalProgress } from "../../tools/progress";
import { onBoard } from "../stack/board-view";
import { type BoardSections, boardSections, TestProject } from "../stack/project";

const name = "manifest-test";
const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: { name: try }\n";
const settings = (data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: try }\ndata: { x: ${data} }\n`;

/** One cluster serves all tests here, in this order. It has next to no pods: what is looked at are objects. */
describe.sequential("manifests of a stack on the emulated board", () => {
  let board: EmulatedBoard;
  let project: TestProject;
  let sections: BoardSections;

  const ask = (what: string) => onBoard(board, `k3s kubectl get ${what} 2>&1 || true`);
  const uids = () => ask("namespace/try configmap/settings -n try -o jsonpath='{.items[*].metadata.uid}'");

  async function up(manifests: Record<string, string>) {
    const given = Object.fromEntries(Object.entries(manifests).map(([key, yaml]) => [key, { yaml }]));
    project.configure({ ...sections, manifests: given });
    return project.run("up");
  }

  beforeAll(async () => {
    await downBoard(name);
    board = await upBoard({ name, architecture: "riscv64" }, terminalProgress());
    project = new TestProject();
    const given = boardSections(board);
    const disable = ["traefik", "servicelb", "coredns", "local-storage", "metrics-server"];
    sections = { ...given, k3s: { ...given.k3s, disable }, images: {}, delivery: "airgap" };
  }, 900_000);
  afterAll(async () => {
    await downBoard(name);
    project.dispose();
  });

  it("are deployed", async () => {
    const run = await up({ try: `${namespace}---\n${settings('"1"')}` });
    expect(run.code, run.text).toBe(0);
    expect(await ask("configmap settings -n try -o jsonpath={.data.x}")).toBe("1");
  });

  it("are refused where the API server would refuse them, and nothing changes", async () => {
    const run = await up({ try: `${namespace}---\n${settings("1")}` });
    expect(run.code).toBe(1);
    expect(run.text).toMatch(/document 2, ConfigMap try\/settings/);
    expect(await ask("configmap settings -n try -o jsonpath={.data.x}")).toBe("1");
    expect(await onBoard(board, "cat /var/lib/rancher/k3s/server/manifests/custom-try.yaml")).toContain('x: "1"');
  });

  it("keep their objects under another name", async () => {
    const before = await uids();
    const run = await up({ other: `${namespace}---\n${settings('"1"')}` });
    expect(run.code, run.text).toBe(0);
    expect(before).toMatch(/^\S{36} \S{36}$/);
    expect(await uids()).toBe(before);
    expect(await ask("addon -n kube-system custom-try")).toContain("NotFound");
  });

  it("lose what leaves them, and all when they go", async () => {
    expect((await up({ other: namespace })).code).toBe(0);
    expect(await ask("configmap settings -n try")).toContain("NotFound");
    expect((await up({})).code).toBe(0);
    expect(await ask("namespace try")).toContain("NotFound");
    expect(await ask("addon -n kube-system custom-other")).toContain("NotFound");
  });

  it("return when they are put back", async () => {
    const run = await up({ other: `${namespace}---\n${settings('"2"')}` });
    expect(run.code, run.text).toBe(0);
    expect(await ask("configmap settings -n try -o jsonpath={.data.x}")).toBe("2");
  });
});
