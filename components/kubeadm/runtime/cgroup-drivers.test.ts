import { describe, expect, it } from "vitest";
import { cgroupDriverProblems, driverOfOptions, execOptionOf, namesDriver } from "./cgroup-drivers";

describe("cgroupDriverProblems", () => {
  const docker = (driver: string) => ({ driver, where: "/etc/docker/daemon.json" });
  const kubelet = (driver: string) => ({ driver, where: "kubeadm.kubelet.cgroupDriver" });

  it.each(["systemd", "cgroupfs"])("two that are %s go together", (driver) => {
    expect(cgroupDriverProblems(docker(driver), kubelet(driver))).toEqual([]);
  });
  it("tells both directions, with the way to systemd first", () => {
    expect(cgroupDriverProblems(docker("cgroupfs"), kubelet("systemd"))).toEqual([
      "the cgroup drivers differ: /etc/docker/daemon.json says cgroupfs, kubeadm.kubelet.cgroupDriver says systemd: " +
        "set /etc/docker/daemon.json to systemd, or set kubeadm.kubelet.cgroupDriver to cgroupfs",
    ]);
    expect(cgroupDriverProblems(docker("systemd"), kubelet("cgroupfs"))).toEqual([
      "the cgroup drivers differ: /etc/docker/daemon.json says systemd, kubeadm.kubelet.cgroupDriver says cgroupfs: " +
        "set kubeadm.kubelet.cgroupDriver to systemd, or set /etc/docker/daemon.json to cgroupfs",
    ]);
  });
});

it("knows Docker's option for it", () => {
  expect(execOptionOf("systemd")).toBe("native.cgroupdriver=systemd");
  expect(namesDriver("native.cgroupdriver=cgroupfs")).toBe(true);
  expect(namesDriver("isolation=default")).toBe(false);
  expect(namesDriver(7)).toBe(false);
});

it.each([
  [[], undefined],
  [["native.umask=normal"], undefined],
  [["native.cgroupdriver=cgroupfs"], "cgroupfs"],
  [["native.cgroupdriver=cgroupfs", execOptionOf("systemd")], "systemd"],
])("exec-opts %j name %s", (entries, driver) => {
  expect(driverOfOptions(entries)).toBe(driver);
});
