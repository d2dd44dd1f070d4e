import { expect, it } from "vitest";
import { runtimeAt, socketPath } from "./sockets";

it.each([
  ["unix:///var/run/cri-dockerd.sock", "/run/cri-dockerd.sock", "cri-dockerd"],
  ["unix:///run/cri-dockerd.sock", "/run/cri-dockerd.sock", "cri-dockerd"],
  ["/var/run/containerd/containerd.sock", "/run/containerd/containerd.sock", "containerd"],
  ["unix:///var/run/crio/crio.sock", "/run/crio/crio.sock", undefined],
])("%s is %s", (endpoint, path, kind) => {
  expect(socketPath(endpoint)).toBe(path);
  expect(runtimeAt(endpoint)).toBe(kind);
});
