import { expect, it } from "vitest";
import { runtimeConfig } from "./config";
import { runtimeProblems } from "./problems";

const docker = { kind: "cri-dockerd", source: { kind: "path", path: "/x" } };
const problems = (runtime: object, kubelet: Record<string, unknown> = {}, registry?: { username?: string }) =>
  runtimeProblems({ runtime: runtimeConfig.parse(runtime), kubelet }, registry);

it("takes cgroup drivers that are the same, and a kubelet that names none", () => {
  expect(problems(docker)).toEqual([]);
  expect(problems({ ...docker, cgroupDriver: "cgroupfs" }, { cgroupDriver: "cgroupfs" })).toEqual([]);
  expect(problems({ kind: "containerd" }, { cgroupDriver: "systemd" })).toEqual([]);
});

it.each(["containerd", "cri-dockerd"])("refuses drivers of %s and kubelet that differ, in both directions", (kind) => {
  const runtime = kind === "containerd" ? { kind } : docker;
  expect(problems({ ...runtime, cgroupDriver: "cgroupfs" }, { cgroupDriver: "systemd" })).toEqual([
    expect.stringContaining("kubeadm.runtime.cgroupDriver says cgroupfs, kubeadm.kubelet.cgroupDriver says systemd"),
  ]);
  expect(problems({ ...runtime, cgroupDriver: "systemd" }, { cgroupDriver: "cgroupfs" })).toEqual([
    expect.stringContaining("kubeadm.runtime.cgroupDriver says systemd, kubeadm.kubelet.cgroupDriver says cgroupfs"),
  ]);
});

it("refuses a registry with a login for Docker, not for containerd", () => {
  expect(problems(docker, {}, { username: "me" })).toEqual([expect.stringMatching(/^registry\.username: /)]);
  expect(problems({ kind: "containerd" }, {}, { username: "me" })).toEqual([]);
});
