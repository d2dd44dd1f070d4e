import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sampleContext } from "../sample-context";
import { connectionArgs } from "../ssh/connection-args";
import { kubeadmControlPlane } from "./control-plane";

const connection = connectionArgs.parse({ host: "board.example", hostKeys: ["ssh-ed25519 AAAA"] });
const configOf = (version: string) => `kind: ClusterConfiguration\nkubernetesVersion: ${version}\n`;
const wanted = kubeadmControlPlane.inputs.parse({
  connection,
  kubeadm: "/usr/local/bin/kubeadm",
  config: configOf("v1.36.3"),
  node: "board",
  criSocket: "unix:///run/containerd/containerd.sock",
  timeoutSeconds: 0.01,
});
const manifests = { "kube-apiserver": "    image: 127.0.0.1:5000/kube-apiserver:v1.36.3\n", etcd: "a\n" };
const state = { ...wanted, manifests, found: {}, unfinished: false };

/** A board whose commands all succeed; by their purposes, in order. */
function boardOf(outputs: Readonly<Record<string, string>>) {
  const purposes: string[] = [];
  const scripts: string[] = [];
  const board = {
    label: "root@board.example:22",
    run: (script: string, { purpose }: { purpose: string }) => {
      purposes.push(purpose);
      scripts.push(script);
      return Promise.resolve({ code: 0, stdout: outputs[purpose] ?? "", stderr: "" });
    },
    file: (path: string) =>
      Promise.resolve({ kind: "file", content: Buffer.from(path.endsWith("/etcd.yaml") ? "a\n" : "") }),
  };
  return { context: sampleContext(board), purposes, scripts };
}

describe("the difference of a control plane", () => {
  it("is none where nothing changes", async () => {
    expect(await kubeadmControlPlane.diff(state, wanted, () => false)).toEqual({ changed: [], notes: [] });
  });

  it("has the lines of a static pod that was changed by hand, and that it restarts", async () => {
    const found = { etcd: "b\n" };
    const { changed, notes } = await kubeadmControlPlane.diff({ ...state, found }, wanted, () => false);
    expect(changed).toEqual(["found"]);
    expect(notes).toEqual(["/etc/kubernetes/manifests/etcd.yaml changes:\n- b\n+ a\nthe static pod etcd restarts"]);
  });

  it("refuses another version of Kubernetes", () => {
    const newer = { ...wanted, config: configOf("v1.37.0") };
    expect(() => kubeadmControlPlane.diff(state, newer, () => false)).toThrow(
      /kubeadm\.version: the cluster has Kubernetes v1\.36\.3, and upgrades are not supported/,
    );
  });

  it("is there after an init that did not come to its end, although its configuration is on the board", async () => {
    const { changed } = await kubeadmControlPlane.diff({ ...state, manifests: {} }, wanted, () => false);
    expect(changed).toEqual(["found"]);
  });
});

describe("a change that was killed", () => {
  const boardWith = (staged: boolean) => {
    const board = {
      label: "root@board.example:22",
      file: (path: string) =>
        Promise.resolve(
          !staged && path.endsWith("/kubeadm.yaml") && !path.startsWith("/etc/")
            ? { kind: "absent" }
            : { kind: "file", content: Buffer.from("a\n") },
        ),
    };
    return sampleContext(board);
  };

  it.each([true, false])(
    "is seen on the board by what it leaves (%s), also where its configuration is taken back",
    async (staged) => {
      const read = await kubeadmControlPlane.read(boardWith(staged), "kubeadm", state);
      const drifted = { ...state, ...read?.state, found: {}, config: wanted.config };
      const { changed, notes } = await kubeadmControlPlane.diff(drifted, wanted, () => false);
      expect(changed).toEqual(staged ? ["found"] : []);
      expect(notes?.join()).toMatch(staged ? /did not come to its end/ : /^$/);
    },
  );

  it("has its certificates made anew, which may be of its own configuration, and leaves no trace when all is done", async () => {
    const { context, purposes, scripts } = boardOf({ "changing the control plane with kubeadm": "inactive\n" });
    await kubeadmControlPlane.update(context, "kubeadm", { ...state, unfinished: true }, wanted);
    expect(scripts[0]).toMatch(/mv -- \$path \$path\.before/);
    // what was set aside goes first: the next run would take it for what the control plane runs with
    expect(purposes.slice(1)).toEqual([
      "removing the certificates of before",
      "writing /etc/kubernetes/kubeadm.yaml",
      "ending the change",
    ]);
    expect(scripts.at(-1)).toMatch(/^rm -f -- \S+kubeadm\.yaml$/);
  });
});

describe("an update of a control plane", () => {
  it("begins the init again where the one before did not come to its end", async () => {
    const { context, purposes } = boardOf({ "looking for an earlier init": "fresh\n" });
    const updated = await kubeadmControlPlane.update(context, "kubeadm", { ...state, manifests: {} }, wanted);
    expect(purposes).toEqual([
      "looking for an earlier init",
      "writing /etc/kubernetes/kubeadm.yaml",
      "preparing the control plane with kubeadm",
    ]);
    expect(updated.manifests.etcd).toBe("a\n");
  });

  it("does not wait for an API server where there is no kubelet yet", async () => {
    const { context, purposes } = boardOf({ "changing the control plane with kubeadm": "inactive\n" });
    await kubeadmControlPlane.update(context, "kubeadm", state, wanted);
    // the configuration takes its place last: until then a run that is killed is one that the next finds to do
    expect(purposes).toEqual([
      "changing the control plane with kubeadm",
      "writing /etc/kubernetes/kubeadm.yaml",
      "ending the change",
    ]);
  });

  it("puts the static pods of before back where the API server does not answer", async () => {
    const { context, purposes } = boardOf({ "changing the control plane with kubeadm": "active\n" });
    await expect(kubeadmControlPlane.update(context, "kubeadm", state, wanted)).rejects.toThrow(
      /the control plane was not changed/,
    );
    expect(purposes.slice(1)).toEqual([
      "putting the certificates of before back",
      "writing /etc/kubernetes/manifests/kube-apiserver.yaml",
      "writing /etc/kubernetes/manifests/etcd.yaml",
      "ending the change",
    ]);
  });

  it("sets the certificates aside for other names, puts them back where that fails, and lets go of them where it does not", async () => {
    const pki = mkdtempSync(join(tmpdir(), "k3s-board-pki-"));
    const other = { ...wanted, config: `${wanted.config}dns: {}\n` };
    const loopOf = (script: string | undefined) =>
      /^for path in [^]*?done$/m.exec(script ?? "")?.[0].replaceAll("/etc/kubernetes/pki", pki) ?? "exit 1";
    const run = (loop: string) => execFileSync("sh", ["-euc", loop]);
    const text = () => readFileSync(join(pki, "apiserver.crt"), "utf8");
    const failing = boardOf({ "changing the control plane with kubeadm": "active\n" });
    await expect(kubeadmControlPlane.update(failing.context, "kubeadm", state, other)).rejects.toThrow(
      /was not changed/,
    );
    const quiet = boardOf({ "changing the control plane with kubeadm": "inactive\n" });
    await kubeadmControlPlane.update(quiet.context, "kubeadm", state, other);
    const [aside, back] = failing.scripts.map(loopOf);
    writeFileSync(join(pki, "apiserver.crt"), "old");
    run(aside!);
    expect(existsSync(join(pki, "apiserver.crt"))).toBe(false);
    writeFileSync(join(pki, "apiserver.crt"), "of a run that was killed");
    run(aside!);
    writeFileSync(join(pki, "apiserver.crt"), "new");
    run(back!);
    expect(text()).toBe("old");
    run(aside!);
    writeFileSync(join(pki, "apiserver.crt"), "new");
    run(loopOf(quiet.scripts[1]));
    run(back!);
    expect(text()).toBe("new");
    rmSync(pki, { recursive: true });
  });
});
