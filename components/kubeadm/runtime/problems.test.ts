import { expect, it } from "vitest";
import { runtimeConfig } from "./config";
import { runtimeProblems } from "./problems";

const docker = { kind: "cri-dockerd", source: { kind: "path", path: "/x" } };
const problems = (runtime: object, kubelet: Record<string, unknown> = {}, registry?: { username?: string }) =>
  runtimeProblems({ kubeadm: { runtime: runtimeConfig.parse(runtime), kubelet }, registry });

it("takes cgroup drivers that are the same, and a kubelet that names none", () => {
  expect(problems(docker)).toEqual([]);
  expect(problems({ ...docker, cgroupDriver: "cgroupfs" }, { cgroupDriver: "cgroupfs" })).toEqual([]);
  expect(problems({ kind: "containerd" }, { cgroupDriver: "systemd" })).toEqual([]);
});

it.each(["containerd", "cri-dockerd"])("refuses drivers of %s and kubelet that differ, in both directions", (kind) => {
  const runtime = kind === "containerd" ? { kind } : docker;
  const differ = (one: string, other: string) => [
    {
      path: "kubeadm.kubelet.cgroupDriver",
      reason: expect.stringContaining(
        `kubeadm.runtime.cgroupDriver says ${one}, kubeadm.kubelet.cgroupDriver says ${other}`,
      ) as string,
    },
  ];
  expect(problems({ ...runtime, cgroupDriver: "cgroupfs" }, { cgroupDriver: "systemd" })).toEqual(
    differ("cgroupfs", "systemd"),
  );
  expect(problems({ ...runtime, cgroupDriver: "systemd" }, { cgroupDriver: "cgroupfs" })).toEqual(
    differ("systemd", "cgroupfs"),
  );
  expect(problems({ ...runtime, cgroupDriver: "systemd" }, { cgroupDriver: 1 })).toEqual(differ("systemd", "1"));
});

it("refuses a registry with a login for Docker, not for containerd", () => {
  expect(problems(docker, {}, { username: "me" })).toEqual([
    { path: "registry.username", reason: expect.stringContaining("kubeadm.runtime.kind containerd") as string },
  ]);
  expect(problems({ kind: "containerd" }, {}, { username: "me" })).toEqual([]);
});
