import { expect, it } from "vitest";
import { socketPath } from "./sockets";

it.each([
  ["unix:///var/run/cri-dockerd.sock", "/run/cri-dockerd.sock"],
  ["unix:///run/cri-dockerd.sock", "/run/cri-dockerd.sock"],
  ["/var/run/containerd/containerd.sock", "/run/containerd/containerd.sock"],
])("%s is %s", (endpoint, path) => {
  expect(socketPath(endpoint)).toBe(path);
});
