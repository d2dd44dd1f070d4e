import { expect, it } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { before, fileOf, find, inClear, k3s } from "../../stacks/mocked-engine";
import { flannelConfig } from "./cni/config";
import { FlannelNetwork } from "./cni/flannel-network";
import { criDockerdConfig } from "./runtime/config";
import { CriDockerdRuntime, type CriDockerdRuntimeArgs } from "./runtime/cri-dockerd";

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
  expect(socket).toBe("unix:///var/run/cri-dockerd.sock");
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

it("flannel: one service with its network and the writer of the node's", async () => {
  new FlannelNetwork("network", {
    connection,
    config: flannelConfig.parse({ kind: "flannel", interface: "eth1" }),
    program: k3s,
    podSubnet: "10.5.0.0/16",
    nodeName: "licheepi",
    startTimeoutSeconds: 300,
    after: [],
  });
  await pulumi.runtime.disconnect();
  expect(find("network-service")?.inputs).toMatchObject({ name: "flanneld", timeoutSeconds: 300 });
  expect(String(find("network-service")?.inputs.unit)).toContain("Environment=NODE_NAME=licheepi");
  expect(String(find("network-service")?.inputs.unit)).toContain("--iface=eth1");
  expect(fileOf("network-service", "net-conf.json")).toContain('"Network": "10.5.0.0/16"');
});
