import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
