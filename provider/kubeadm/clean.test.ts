import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { endNetwork } from "../kubernetes/clean";
import { absentScript, cleanScript, traces } from "./clean";

it("remembers what runtimes and networks leave, whichever they are", () => {
  expect(traces).toEqual(
    expect.arrayContaining([
      "/var/lib/containerd",
      "/var/lib/cri-dockerd",
      "/var/lib/calico",
      "/var/log/calico",
      "/run/calico",
    ]),
  );
  for (const path of traces) expect(absentScript()).toContain(path);
});

it("knows the devices of networks by their names, and no others", () => {
  const pattern = /grep -E '(\^[^']*)'\); do ip link delete/.exec(endNetwork)?.[1] ?? "";
  const names = [
    "cni0",
    "flannel.1",
    "vxlan.calico",
    "cali1234567890a",
    "eth0",
    "calibre0",
    "docker0",
    "my-cali1234567890a",
  ];
  expect(names.filter((name) => new RegExp(pattern).test(name))).toEqual(names.slice(0, 4));
});

it.each(["remove", "purge"] as const)("is a script that a shell takes: %s", (depth) => {
  const script = cleanScript({ depth, ours: traces });
  expect(spawnSync("sh", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
});
