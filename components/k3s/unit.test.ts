import { describe, expect, it } from "vitest";
import { k3sDropIn, k3sUnit } from "./unit";

describe("k3sDropIn", () => {
  it("resets ExecStart before it sets it, or systemd would run both", () => {
    const lines = k3sDropIn({
      binary: "/usr/local/bin/k3s",
      disable: ["coredns", "traefik"],
      pauseImage: "docker.io/a/pause:1",
    }).split("\n");
    expect(lines.slice(0, 3)).toEqual(["[Service]", "ExecStart=", "ExecStart=/usr/local/bin/k3s \\"]);
    expect(lines).toContain("    --disable=coredns,traefik \\");
  });

  it("makes sure of what a unit of somebody else's may lack", () => {
    const args = { binary: "/usr/local/bin/k3s", disable: [], pauseImage: "p" };
    expect(k3sDropIn({ ...args, isForeignUnit: true })).toMatch(/^\[Service\]\nKillMode=process\n[^]*\nExecStart=\n/);
    expect(k3sDropIn(args)).not.toContain("KillMode");
  });

  it("has no --disable where everything is wanted", () => {
    expect(k3sDropIn({ binary: "/usr/bin/k3s", disable: [], pauseImage: "p" })).not.toContain("disable");
  });
});

describe("k3sUnit", () => {
  it("leaves pods running over a restart and gives a slow board its time", () => {
    expect(k3sUnit({ binary: "/usr/bin/k3s" })).toMatch(/KillMode=process\n[^]*TimeoutStartSec=0\n/);
  });

  it("is an agent's under the agent's own name", () => {
    const unit = k3sUnit({ binary: "/usr/bin/k3s", role: "agent" });
    expect(unit).toContain("ExecStart=/usr/bin/k3s agent\n");
    expect(unit).toContain("/etc/systemd/system/k3s-agent.service.env");
    expect(k3sDropIn({ binary: "/usr/bin/k3s", role: "agent", disable: [], pauseImage: "p" })).toContain(
      "ExecStart=/usr/bin/k3s \\\n    agent \\\n    --pause-image=p\n",
    );
  });
});
