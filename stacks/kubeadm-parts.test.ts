import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
// first: its mocks replace only what is loaded after it
import { before, directory, fileOf, find, good, inClear, k3s } from "./mocked-engine";
import { flannelConfig } from "../components/kubeadm/cni/config";
import { FlannelNetwork } from "../components/kubeadm/cni/flannel-network";
import { criDockerdConfig } from "../components/kubeadm/runtime/config";
import { CriDockerdRuntime, type CriDockerdRuntimeArgs } from "../components/kubeadm/runtime/cri-dockerd";
import { parseStackConfig } from "./config";

const connection = { host: "board.example", user: "root", hostKeys: ["ssh-ed25519 AAAA"] };
const runtime = (program: CriDockerdRuntimeArgs["program"]) =>
  new CriDockerdRuntime("runtime", {
    connection,
    config: criDockerdConfig.parse({ kind: "cri-dockerd", source: { kind: "path", path: k3s } }),
    program,
    docker: { daemonJson: '{"debug": true}' },
    sandboxImage: "127.0.0.1:5000/pause:3.10.2",
    startTimeoutSeconds: 300,
  });

it("cri-dockerd from a file: Docker's package, Docker, and the service with unit, socket and drop-in", async () => {
  const { socket } = runtime({ kind: "file", local: k3s, path: "/usr/local/bin/cri-dockerd" });
  await pulumi.runtime.disconnect();
  expect(socket).toBe("unix:///run/cri-dockerd.sock");
  expect(find("runtime-docker-package")?.inputs.name).toBe("docker.io");
  expect(fileOf("runtime-docker", "daemon.json")).toContain('"debug": true');
  expect(fileOf("runtime-docker", "daemon.json")).toContain("native.cgroupdriver=systemd");
  expect(inClear(find("runtime-docker")?.inputs.restartTriggers)).toEqual({ package: "1" });
  expect(before("runtime-cri-dockerd")).toEqual(new Set(["runtime-docker", "runtime-docker-package"]));
  const service = find("runtime-cri-dockerd")?.inputs;
  expect(service).toMatchObject({ name: "cri-docker", program: { path: "/usr/local/bin/cri-dockerd", source: k3s } });
  expect(fileOf("runtime-cri-dockerd", "50-k3s-board.conf")).toContain("--network-plugin=cni");
  expect(fileOf("runtime-cri-dockerd", "cri-docker.socket")).toContain("ListenStream=/run/cri-dockerd.sock");
});

it("cri-dockerd from a package: its own unit and socket, and our drop-in", async () => {
  runtime({ kind: "package", name: "cri-dockerd", path: "/usr/bin/cri-dockerd" });
  await pulumi.runtime.disconnect();
  const service = find("runtime-cri-dockerd")?.inputs;
  expect(service).not.toHaveProperty("unit");
  expect(service).not.toHaveProperty("program");
  expect(fileOf("runtime-cri-dockerd", "cri-docker.socket")).toBeUndefined();
  expect(fileOf("runtime-cri-dockerd", "50-k3s-board.conf")).toContain("ExecStart=/usr/bin/cri-dockerd ");
  expect(before("runtime-cri-dockerd")).toContain("runtime-cri-dockerd-package");
});

it.each([
  [{}, "192.0.2.7"],
  [{ interface: "eth1" }, "eth1"],
])(
  "flannel with %j: one service with its network and the writer of the node's, by way of %s",
  async (wanted, iface) => {
    new FlannelNetwork("network", {
      connection,
      config: flannelConfig.parse({ kind: "flannel", ...wanted }),
      program: k3s,
      podSubnet: "10.5.0.0/16",
      node: { name: "licheepi", address: "192.0.2.7" },
      restartTriggers: { join: "3" },
      startTimeoutSeconds: 300,
      after: [],
    });
    await pulumi.runtime.disconnect();
    expect(find("network-service")?.inputs).toMatchObject({
      name: "flanneld",
      timeoutSeconds: 300,
      restartTriggers: { join: "3" },
    });
    expect(String(find("network-service")?.inputs.unit)).toContain("Environment=NODE_NAME=licheepi");
    expect(String(find("network-service")?.inputs.unit)).toContain(`--iface=${iface}`);
    expect(fileOf("network-service", "net-conf.json")).toContain('"Network": "10.5.0.0/16"');
  },
);

describe("a stack's configuration", () => {
  const parse = (kubeadm: object, arch = "riscv64") =>
    parseStackConfig({ board: { ...good.board, arch }, kubeadm: { version: "v1.36.3", ...kubeadm } });
  const calico = { kind: "calico", version: "v3.30.0", manifest: join(directory, "none.yaml") };

  it.each([
    [{ cni: { kind: "cilium" } }, "riscv64", /kubeadm\.cni\.kind: Cilium is not brought by this program/],
    [{ cni: calico }, "riscv64", /kubeadm\.cni\.kind: Calico has no images for riscv64 .* flannel.* or bridge/],
    [
      { cni: { ...calico, version: "v3.2.8" } },
      "arm64",
      /kubeadm\.cni\.kind: Calico v3\.2\.8 has images for amd64 only/,
    ],
    [{ cni: calico }, "arm64", /kubeadm\.cni\.manifest: cannot be read: /],
    [
      { kubelet: { cgroupDriver: "cgroupfs" } },
      "riscv64",
      /kubeadm\.kubelet\.cgroupDriver: the cgroup drivers differ: /,
    ],
  ])("%j on %s is refused", (kubeadm, arch, reason) => {
    expect(() => parse(kubeadm, arch)).toThrow(reason);
  });
  it("takes flannel, and Docker", () => {
    const runtime = { kind: "cri-dockerd", source: { kind: "path", path: k3s } };
    expect(() => parse({ cni: { kind: "flannel" }, runtime })).not.toThrow();
  });

  it("refuses an image that Docker would look for elsewhere than where it is pushed", () => {
    const runtime = { kind: "cri-dockerd", source: { kind: "path", path: k3s } };
    const images = { "ghcr.io/me/app:1": { kind: "goDirectory", directory: "." } };
    const { board } = good;
    expect(() => parseStackConfig({ board, images, kubeadm: { version: "v1.36.3", runtime } })).toThrow(
      /images\.ghcr\.io\/me\/app:1: Docker asks ghcr\.io itself/,
    );
  });
});
