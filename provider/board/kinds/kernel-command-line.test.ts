import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { kernelCommandLine } from "./kernel-command-line";

it("says why the boot loader's own file could not be made", () => {
  const files = { "/etc/default/grub": 'GRUB_CMDLINE_LINUX="quiet"\n' };
  const seen = { files, originals: files, output: "quiet\nupdate-grub\n", before: {}, unfinished: false };
  const settle = kernelCommandLine.settle?.({ "cgroup_enable=memory": "present" }, {}, seen) ?? "";
  const programs = mkdtempSync(join(tmpdir(), "grub-"));
  try {
    writeFileSync(join(programs, "update-grub"), "#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n", {
      mode: 0o755,
    });
    const script = `PATH=${programs}:$PATH\nfail() { printf '%s\\n' "$*" >&2; exit 1; }\n${settle}`;
    const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "No space left on device\nupdate-grub failed\n" });
  } finally {
    rmSync(programs, { recursive: true });
  }
});
