import { describe, expect, it } from "vitest";
import { elfBytes } from "../components/images/elf-samples";
import type { ProgramFacts } from "../provider";
import { boardHas, deploy, fileOf, find, registered, withK3s } from "./mocked-engine";

const there: ProgramFacts = {
  there: true,
  header: elfBytes({ machine: 243, flags: 4 }).subarray(0, 4096).toString("base64"),
  version: "v1.36.3+k3s1",
  unit: "loaded",
};
const installed = withK3s({ source: { installed: "/usr/local/bin/k3s" } });

describe("a k3s that is on the board already", () => {
  it("keeps its binary and its unit, and gets a drop-in and configuration", async () => {
    boardHas(there);
    await deploy(installed);
    const { inputs } = find("k3s-service") ?? {};
    expect(inputs).toMatchObject({ name: "k3s", watchedProgram: "/usr/local/bin/k3s" });
    expect(inputs).not.toHaveProperty("unit");
    expect(inputs).not.toHaveProperty("program");
    expect(fileOf("k3s-service", "10-k3s-board.conf")).toMatch(
      /KillMode=process\n[^]*ExecStart=\/usr\/local\/bin\/k3s \\\n/,
    );
    expect(find("k3s-pause")?.inputs).toMatchObject({ command: ["/usr/local/bin/k3s", "ctr"] });
  });

  it("that cannot be used is refused before anything is registered", async () => {
    boardHas({ ...there, version: "v1.35.4+k3s1", unit: "not-found" });
    await expect(deploy(installed)).rejects.toThrow(
      /board\.example is not a board for this stack:\n {2}k3s\.source\.installed: .* is v1\.35\.4\+k3s1.*\n {2}.*no k3s\.service/,
    );
    expect(registered).toEqual([]);
  });

  it("is an agent's own, too", async () => {
    boardHas({ ...there, there: false });
    const agents = {
      worker: {
        host: "worker.example",
        arch: "riscv64",
        hostKey: "ssh-ed25519 BBBB",
        source: { installed: "/opt/k3s" },
      },
    };
    await expect(deploy({ agents })).rejects.toThrow(
      /^worker\.example is not .*\n {2}agents\.worker\.source\.installed: there is no program \/opt\/k3s/,
    );
  });
});
