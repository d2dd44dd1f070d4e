import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, hostname, release, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { factsFragment, hostPrograms, parseFacts } from "./facts";

describe("facts", () => {
  it("reads this machine", () => {
    const facts = parseFacts(
      execFileSync("sh", ["-c", factsFragment], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } }),
    );
    expect(facts).toMatchObject({ kernel: release(), hostname: hostname(), cpus: cpus().length });
    expect(facts.memoryBytes).toBeGreaterThan(1e8);
    expect(facts.diskFreeBytes).toBeGreaterThan(0);
    expect(facts.pageSize % 4096).toBe(0);
    expect(typeof facts.forwards).toBe("boolean");
    expect(Math.abs(facts.clockSeconds - Date.now() / 1000)).toBeLessThan(60);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("finds the programs of the distribution that are there", () => {
    const directory = mkdtempSync(join(tmpdir(), "facts-"));
    for (const name of ["conntrack", "crictl", "iptables", "nft"])
      writeFileSync(join(directory, name), "", { mode: 0o755 });
    const env = { ...process.env, PATH: `${process.env.PATH}:${directory}` };
    const facts = parseFacts(execFileSync("sh", ["-c", factsFragment], { encoding: "utf8", env }));
    rmSync(directory, { recursive: true });
    expect(facts.hostPrograms).toEqual(hostPrograms);
    expect(facts.hostPrograms).toContain("nft");
  });

  it("reads a board with systemd, cgroup v2 and a default route", () => {
    const output = [
      "kernel=6.12.48+deb13-riscv64",
      "machine=riscv64",
      "hostname=licheepi",
      "bootId=0d7f",
      "os=Debian GNU/Linux 13 (trixie)",
      "osId=debian",
      "osVersion=13",
      "packages=apt",
      "clock=1764363600",
      "memory=4010304",
      "swap=0",
      "controllers=cpuset cpu io memory pids",
      "cpus=4",
      "pageSize=4096",
      "systemd=systemd 257 (257.8-1~deb13u2)",
      "+PAM +AUDIT default-hierarchy=unified",
      "route=192.0.2.1 via 10.0.2.2 dev eth0 src 10.0.2.15 uid 0 ",
      "    cache ",
      "free=   Avail",
      "5242880",
      "hostProgram=conntrack",
      "hostProgram=iptables",
      "hostProgram=nft",
      "forwards=0",
      `k3sFile=${Buffer.from("node-ip: 192.0.2.7\n").toString("base64")} /etc/rancher/k3s/config.yaml`,
      "k3sFile= /etc/rancher/k3s/config.yaml.d/an empty one.yaml",
      "k3sEnvironment=k3s K3S_CONFIG_FILE=/etc/first.yaml",
      'k3sEnvironment=k3s K3S_CONFIG_FILE="/etc/k3s.yaml"',
      "k3sEnvironment=k3s K3S_DATASTORE_ENDPOINT=(set)",
    ].join("\n");
    expect(parseFacts(output)).toEqual({
      machine: "riscv64",
      kernel: "6.12.48+deb13-riscv64",
      hostname: "licheepi",
      address: "10.0.2.15",
      os: "Debian GNU/Linux 13 (trixie)",
      osId: "debian",
      osVersion: "13",
      packageManager: "apt",
      clockSeconds: 1_764_363_600,
      cgroupVersion: 2,
      cgroupControllers: ["cpuset", "cpu", "io", "memory", "pids"],
      memoryBytes: 4010304 * 1024,
      swapBytes: 0,
      cpus: 4,
      pageSize: 4096,
      bootId: "0d7f",
      systemdVersion: 257,
      diskFreeBytes: 5242880 * 1024,
      hostPrograms: ["conntrack", "iptables", "nft"],
      forwards: false,
      k3sFiles: [
        { path: "/etc/rancher/k3s/config.yaml", text: "node-ip: 192.0.2.7\n" },
        { path: "/etc/rancher/k3s/config.yaml.d/an empty one.yaml", text: "" },
      ],
      k3sEnvironment: { k3s: { K3S_CONFIG_FILE: "/etc/k3s.yaml", K3S_DATASTORE_ENDPOINT: "(set)" } },
    });
  });

  it("tells the old cgroup hierarchy, and a board without systemd or route", () => {
    const facts = parseFacts("machine=aarch64\nroute=\n");
    expect(facts).toMatchObject({ cgroupVersion: 1, address: "", k3sFiles: [], k3sEnvironment: {} });
    expect(facts).toMatchObject({ hostPrograms: [] });
    expect(facts).not.toHaveProperty("forwards");
    expect(facts.systemdVersion).toBeUndefined();
    expect(facts.packageManager).toBeUndefined();
  });
});
