import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { kubeadmSections } from "../gather/kubeadm-sections";
import { readJournals, readKubeadm } from "./kubeadm";

const text = `kubeadm=present
manifest=etcd.yaml
manifest=kube-apiserver.yaml
pods=10.244.0.0/16,fd00::/56
etcd=present
kubeconfig=admin.conf
socket=/run/containerd/containerd.sock
socket=/run/cri-dockerd.sock
listen=6443 kube-apiserver
listen=6443 kube-apiserver
listen=10250 
docker=26.1.5+dfsg1 systemd
bridge=172.17.0.1/16
image=127.0.0.1:5000/pause:3.10.2
image=<none>:<none>
cri-dockerd=cri-dockerd 0.4.3 (HEAD)
`;

it("a node of kubeadm", () => {
  expect(readKubeadm(text, "@ 12 3 /etc/docker/daemon.json\n {}\n\n")).toEqual({
    files: [{ path: "/etc/docker/daemon.json", mtime: 12, size: 3, text: "{}" }],
    manifests: ["etcd.yaml", "kube-apiserver.yaml"],
    podSubnets: ["10.244.0.0/16", "fd00::/56"],
    etcdData: true,
    kubeconfigs: ["admin.conf"],
    sockets: ["/run/containerd/containerd.sock", "/run/cri-dockerd.sock"],
    listeners: [
      { port: 6443, program: "kube-apiserver" },
      { port: 10250, program: "a program that does not show" },
    ],
    docker: {
      version: "26.1.5+dfsg1",
      cgroupDriver: "systemd",
      bridge: "172.17.0.0/16",
      images: ["127.0.0.1:5000/pause:3.10.2", "<none>:<none>"],
    },
    criDockerd: "cri-dockerd 0.4.3 (HEAD)",
  });
});

it("journals by unit", () => {
  expect(readJournals("kubelet a b\ncri-docker c\nkubelet d\n")).toEqual({
    kubelet: ["a b", "d"],
    "cri-docker": ["c"],
  });
  expect(readJournals("")).toEqual({});
});

it("nothing of it, and a part of it", () => {
  expect(readKubeadm("", "")).toBeUndefined();
  expect(readKubeadm("kubeadm=present\n", "")).toEqual({
    files: [],
    manifests: [],
    etcdData: false,
    kubeconfigs: [],
    sockets: [],
    listeners: [],
  });
});

it("the question finds the network of the cluster's pods", () => {
  const root = mkdtempSync(join(tmpdir(), "kubeadm-"));
  const manifest =
    "spec:\n  containers:\n  - command:\n    - kube-controller-manager\n    - --cluster-cidr=10.244.0.0/16\n";
  mkdirSync(join(root, "manifests"));
  writeFileSync(join(root, "manifests/kube-controller-manager.yaml"), manifest);
  const said = execFileSync("sh", ["-c", kubeadmSections.kubeadm.command.replaceAll("/etc/kubernetes", root)], {
    encoding: "utf8",
  });
  rmSync(root, { recursive: true });
  expect(readKubeadm(said, "")?.podSubnets).toEqual(["10.244.0.0/16"]);
});

it("the question finds who listens", async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  // asked as if this machine had kubeadm, and as if that port were one of Kubernetes
  const command = kubeadmSections.kubeadm.command
    .replace(/^command -v kubeadm.*\n/, "")
    .replace("*:2379|", `*:2379|*:${port}|`);
  const said = execFileSync("sh", ["-c", command], { encoding: "utf8" });
  server.close();
  expect(readKubeadm(said, "")?.listeners).toContainEqual({ port, program: expect.stringContaining("") as string });
});

it("the question finds out about Docker where its command line is not there", async () => {
  const root = mkdtempSync(join(tmpdir(), "docker-"));
  const answers: Readonly<Record<string, unknown>> = {
    "/info": { Driver: "overlay2", CgroupDriver: "cgroupfs", Labels: [], ServerVersion: "26.1.5+dfsg1", Name: "x" },
    "/images/json": [
      { Id: "sha256:1", Labels: { a: "b" }, RepoDigests: ["a@sha256:1"], RepoTags: ["a:1", "r:5000/a:1"], Size: 1 },
      { Id: "sha256:2", Labels: null, RepoDigests: [], RepoTags: [], Size: 2 },
      { Id: "sha256:3", Labels: null, RepoDigests: null, RepoTags: ["127.0.0.1:5000/pause:3.10.2"], Size: 3 },
    ],
  };
  const socket = join(root, "docker.sock");
  const server = createHttpServer((request, response) => response.end(JSON.stringify(answers[request.url ?? ""])));
  await new Promise<void>((listening) => server.listen(socket, listening));
  const programs = join(root, "bin");
  mkdirSync(programs);
  for (const name of ["systemctl", "kubeadm"]) writeFileSync(join(programs, name), "#!/bin/sh\n", { mode: 0o755 });
  for (const name of ["sh", "curl", "tr", "sed", "head"]) {
    const found = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    symlinkSync(found, join(programs, name));
  }
  const command = kubeadmSections.kubeadm.command.replaceAll("/run/docker.sock", socket);
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { env: { PATH: programs } });
  server.close();
  rmSync(root, { recursive: true });
  expect(readKubeadm(stdout, "")?.docker).toEqual({
    version: "26.1.5+dfsg1",
    cgroupDriver: "cgroupfs",
    bridge: "",
    images: ["a:1", "r:5000/a:1", "127.0.0.1:5000/pause:3.10.2"],
  });
});
