import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { silentProgress } from "../../tools/progress";
import { debianTree } from "./debian-tree";

const root = mkdtempSync(join(tmpdir(), "k3s-board-debian-tree-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Packages as they are when they have been fetched and unpacked. */
vi.mock("../../tools/debian-package", () => ({
  fetchDebianPackage: ({ package: name }: { package: string }) =>
    Promise.resolve({ directory: join(root, name), version: `${name}-1` }),
}));

function put(path: string, mode: number) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), path, { mode });
}

it("has the files of all packages at their paths, without documentation, and the directories that were merged into /usr", async () => {
  put("iptables/usr/sbin/xtables-nft-multi", 0o755);
  symlinkSync("xtables-nft-multi", join(root, "iptables/usr/sbin/iptables"));
  put("iptables/usr/share/doc/iptables/copyright", 0o644);
  put("libc6/usr/lib/ld.so", 0o755);
  const tree = await debianTree(["iptables", "libc6"], "trixie", "riscv64", silentProgress);
  expect(tree.identity).toEqual([
    ["iptables", "iptables-1"],
    ["libc6", "libc6-1"],
  ]);
  const entries = await tree.entries();
  expect(new Map(entries.map((entry) => [entry.path, "target" in entry ? entry.target : entry.mode]))).toEqual(
    new Map<string, unknown>([
      ["/usr/sbin/xtables-nft-multi", 0o755],
      ["/usr/sbin/iptables", "xtables-nft-multi"],
      ["/usr/lib/ld.so", 0o755],
      ["/sbin", "usr/sbin"],
      ["/lib", "usr/lib"],
    ]),
  );
});
