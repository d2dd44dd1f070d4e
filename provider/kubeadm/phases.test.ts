import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stateDirectory } from "../ssh/file-questions";
import { originals } from "../files/originals";
import { beginScript, holdBackScript, letInScript, phasesScript, preflightScript } from "./phases";
import { forgetScript } from "./reset";

/** The scripts with every path of the host below a directory of the test, and a kubeadm that notes how it is called. */
describe("beginning an init", () => {
  let root: string;

  const at = (path: string) => join(root, path);
  const put = (path: string, text = "x") => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  const run = (script: string) =>
    spawnSync("sh", [], {
      input: script
        .replaceAll(stateDirectory, at(stateDirectory))
        .replaceAll("/etc/kubernetes", at("/etc/kubernetes"))
        .replaceAll("/etc/cni", at("/etc/cni"))
        .replaceAll("/var/lib/etcd", at("/var/lib/etcd")),
      encoding: "utf8",
    });
  const begin = () => run(beginScript("kubeadm", "unix:///run/c.sock"));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "k3s-board-phases-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("is fresh on a host that has nothing", () => {
    expect(begin()).toMatchObject({ status: 0, stdout: "fresh\n" });
    expect(existsSync(at(`${stateDirectory}/kubeadm-init`))).toBe(true);
  });

  it("refuses what an init of others has left, says what it is and how to reset it, and touches nothing", () => {
    put("/etc/kubernetes/admin.conf");
    put("/etc/kubernetes/manifests/etcd.yaml");
    const { status, stderr } = begin();
    expect(status).not.toBe(0);
    expect(stderr).toContain(`${at("/etc/kubernetes/admin.conf")} ${at("/etc/kubernetes/manifests/etcd.yaml")}`);
    expect(stderr).toContain("kubeadm reset --cri-socket unix:///run/c.sock");
    expect(existsSync(at(`${stateDirectory}/kubeadm-init`))).toBe(false);
    expect(existsSync(at("/etc/kubernetes/admin.conf"))).toBe(true);
  });

  it("begins anew where an interrupted one has no data, whatever half of a file it left", () => {
    begin();
    put("/etc/kubernetes/pki/ca.crt", "half");
    put("/etc/kubernetes/admin.conf", "half");
    expect(begin().stdout).toBe("fresh\n");
    expect(existsSync(at("/etc/kubernetes/pki"))).toBe(false);
    expect(existsSync(at("/etc/kubernetes/admin.conf"))).toBe(false);
  });

  it("goes on where an interrupted one has data, and keeps its certificates", () => {
    begin();
    put("/etc/kubernetes/pki/ca.crt");
    put("/var/lib/etcd/member/snap/db");
    expect(begin().stdout).toBe("");
    expect(existsSync(at("/etc/kubernetes/pki/ca.crt"))).toBe(true);
  });

  it("refuses certificates that a person has put there, and leaves other files of theirs alone", () => {
    put("/etc/kubernetes/cloud.conf");
    expect(begin().stdout).toBe("fresh\n");
    expect(existsSync(at("/etc/kubernetes/cloud.conf"))).toBe(true);
    rmSync(at(stateDirectory), { recursive: true });
    put("/etc/kubernetes/pki/sa.key");
    expect(begin().stderr).toContain(at("/etc/kubernetes/pki/sa.key"));
    expect(existsSync(at("/etc/kubernetes/pki/sa.key"))).toBe(true);
  });

  it("holds back what would ask an API server that starts, where there is no kubelet yet, and lets it in", () => {
    const names = () => readdirSync(at("/etc/kubernetes/manifests")).sort();
    const pods = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    for (const name of pods) put(`/etc/kubernetes/manifests/${name}.yaml`);
    const held = (kubelet: boolean) => run(`systemctl() { ${kubelet}; }\n${holdBackScript}`);
    expect(held(true)).toMatchObject({ status: 0, stderr: "" });
    expect(names()).toEqual(pods.map((name) => `${name}.yaml`));
    expect(held(false)).toMatchObject({ status: 0, stderr: "" });
    expect(names()).toEqual([
      ".kube-controller-manager.yaml",
      ".kube-scheduler.yaml",
      "etcd.yaml",
      "kube-apiserver.yaml",
    ]);
    for (const _time of [1, 2]) expect(run(letInScript)).toMatchObject({ status: 0, stderr: "" });
    expect(names()).toEqual(pods.map((name) => `${name}.yaml`));
    // one that waited is older than what kubeadm has written since
    put("/etc/kubernetes/manifests/.kube-scheduler.yaml");
    held(true);
    expect(names()).toEqual(pods.map((name) => `${name}.yaml`));
  });

  it("leaves nothing of an init that was killed", () => {
    begin();
    put(`${stateDirectory}/kubeadm.yaml`);
    put("/etc/kubernetes/manifests/etcd.yaml");
    expect(run(`${originals}\nlock\n${forgetScript}\ntidy`)).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(at(stateDirectory))).toBe(false);
    expect(existsSync(at("/etc/kubernetes/manifests/etcd.yaml"))).toBe(false);
  });

  it("leaves no network of flannel's in a directory that was there before, and the others' as they are", () => {
    begin();
    put("/etc/cni/net.d/00-k3s-board-flannel.conflist");
    put("/etc/cni/net.d/87-podman.conflist");
    expect(run(`${originals}\nlock\n${forgetScript}\ntidy`)).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(at("/etc/cni/net.d"))).toEqual(["87-podman.conflist"]);
  });

  it("checks the host with the version that kubelet will have, where there is none yet, and again where the runtime was busy", () => {
    const kubeadm = at("kubeadm");
    const calls = at("calls");
    const failsOnce = `[ "$(wc -l <${calls})" -gt 1 ]`;
    writeFileSync(kubeadm, `#!/bin/sh\necho "$(kubelet --version) $*" >> ${calls}\n${failsOnce}\n`, { mode: 0o755 });
    const { status, stderr } = run(
      `${originals}\nPATH=/usr/bin:/bin\nsleep() { :; }\n${preflightScript(kubeadm, "v1.36.3", ["Service-Kubelet", "Mem"])}`,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const call = `Kubernetes v1.36.3 init phase preflight --ignore-preflight-errors=Service-Kubelet,Mem --config ${at("/etc/kubernetes/kubeadm.yaml")}`;
    expect(readFileSync(calls, "utf8").trim().split("\n")).toEqual([call, call]);
    expect(existsSync(at(`${stateDirectory}/kubeadm-preflight`))).toBe(false);
  });

  it("runs phases one after the other and stops at the first that fails", () => {
    const kubeadm = at("kubeadm");
    writeFileSync(kubeadm, `#!/bin/sh\necho "$*" >> ${at("calls")}\n[ "$3" != kubeconfig ]\n`, { mode: 0o755 });
    execFileSync("chmod", ["755", kubeadm]);
    const { status, stderr } = run(
      `fail() { echo "$*" >&2; exit 1; }\n${phasesScript(kubeadm, ["certs all", "kubeconfig all", "etcd local"])}`,
    );
    expect(status).toBe(1);
    expect(stderr).toContain("kubeadm init phase kubeconfig all failed");
    expect(readFileSync(at("calls"), "utf8").trim().split("\n")).toEqual([
      `init phase certs all --config ${at("/etc/kubernetes/kubeadm.yaml")}`,
      `init phase kubeconfig all --config ${at("/etc/kubernetes/kubeadm.yaml")}`,
    ]);
  });
});
