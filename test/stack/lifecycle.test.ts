import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleImage } from "../../components/images/assemble";
import { elfBytes } from "../../components/images/elf-samples";
import { linux } from "../../components/images/image";
import { downBoard, type EmulatedBoard, upBoard } from "../../emulator/board";
import { terminalProgress } from "../../tools/progress";
import { type BoardListing, listBoard, listingDifferences, listKind } from "../board-listing";
import { onBoard } from "./board-view";
import { expectNoChanges } from "./expect-no-changes";
import { killTree } from "./kill-tree";
import { changedSections, type Contents, contentsOf, fraction, halfWritten, powerLossDuringUp } from "./power-loss";
import { type BoardSections, boardSections, TestProject } from "./project";

const name = "stack-test";
const token = "planted-token-5f1e8c";
const configFile = "/etc/rancher/k3s/config.yaml.d/50-k3s-board.yaml";

/** One cluster serves all tests here, in this order: bringing one up takes minutes. */
describe.sequential("a k3s server stack on the emulated board", () => {
  let board: EmulatedBoard;
  let project: TestProject;
  let sections: BoardSections;
  let pushed = 0;
  let before: BoardListing;
  let pristine: Contents;
  let installed: Contents;

  const withK3s = (k3s: Record<string, unknown>) => ({ ...sections, k3s: { ...sections.k3s, ...k3s } });

  beforeAll(async () => {
    await downBoard(name);
    board = await upBoard({ name, architecture: "riscv64" }, terminalProgress());
    project = new TestProject();
    const given = boardSections(board);
    const prerequisites = { hosts: { "192.0.2.7": ["registry.example"] }, sysctls: { "vm.swappiness": 10 } };
    sections = {
      ...given,
      board: { ...given.board, prerequisites },
      k3s: { ...given.k3s, token },
    };
    project.configure(sections);
    // what was there before must come back, with mode and owner
    await onBoard(
      board,
      "mkdir -p /etc/rancher/k3s && echo '# mine' > /etc/rancher/k3s/registries.yaml && chmod 0640 /etc/rancher/k3s/registries.yaml && chown nobody:daemon /etc/rancher/k3s/registries.yaml",
    );
    before = await listBoard((script) => onBoard(board, script));
    pristine = await contentsOf(board);
  });

  afterAll(async () => {
    project?.dispose();
    await downBoard(name);
  });

  describe("refuses, and touches nothing:", () => {
    it.each<[string, () => Record<string, unknown>, number, RegExp[]]>([
      [
        "three mistakes in the configuration, all in one error",
        () => ({
          ...withK3s({ disable: ["nothing"], config: { "kubelet-args": "x" } }),
          board: { ...sections.board, arch: "mips" },
        }),
        2,
        [
          /board\.arch/,
          /k3s\.disable\[0\]/,
          /k3s\.config\.kubelet-args: k3s has no flag --kubelet-args; did you mean kubelet-arg\?/,
        ],
      ],
      [
        "another architecture",
        () => ({ ...sections, board: { ...sections.board, arch: "arm64" } }),
        1,
        [/the board says riscv64/],
      ],
      [
        "another host key",
        () => ({
          ...sections,
          board: {
            ...sections.board,
            hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1hZ0bYzIh0cVg8ZsB1mXH3Z8a0cQm0Xo2v0d6uW3aZ",
          },
        }),
        1,
        [/host key/, /SHA256:/],
      ],
      // port 9 (discard): nothing listens there
      [
        "a board that does not answer",
        () => ({ ...sections, board: { ...sections.board, port: 9, hostKey: board.hostKeys[0] } }),
        1,
        [/127\.0\.0\.1:9/],
      ],
    ])("%s", async (_title, config, code, messages) => {
      project.configure(config());
      const run = await project.run("up");
      project.configure(sections);
      expect(run.code, run.text).toBe(code);
      for (const message of messages) expect(run.text).toMatch(message);
    });

    // once for all of them: a listing costs the emulated board a quarter of a minute
    it("each of them", async () => {
      expect(await listKind((script) => onBoard(board, script), "files")).toEqual(before.files);
    });
  });

  it("says that the disk is full, and leaves nothing half-written", async () => {
    // room for every small file, and for neither the registry's program nor k3s
    await onBoard(board, "fallocate -l $(( ($(df --output=avail -k / | tail -1) - 10 * 1024) * 1024 )) /filler");
    const run = await project.run("up");
    pushed += run.report.bytesPushed;
    await onBoard(board, "rm /filler");
    expect(run.code, run.text).toBe(1);
    expect(run.text).toMatch(/no space: it needs \d+ KiB/);
    expect(await onBoard(board, "find / -xdev -name '*.k3s-board-new' | head")).toBe("");
  });

  it("brings the board up: node Ready, CoreDNS from our image, the user's workload", async () => {
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    installed = await contentsOf(board);
    // so that no bytes the next time say something
    expect(pushed + run.report.bytesPushed).toBeGreaterThan(1_000_000);
    expect(await project.nodes()).toEqual(["True"]);
    expect(await onBoard(board, "sysctl -n vm.swappiness; getent hosts registry.example")).toMatch(
      /^10\n192\.0\.2\.7 /,
    );
    const images = await onBoard(board, "k3s ctr -n k8s.io images ls");
    for (const image of ["rancher/mirrored-coredns-coredns", "rancher/mirrored-pause", "k3s-board/hello"]) {
      expect(images).toMatch(new RegExp(`docker\\.io/${image}:.*linux/riscv64`));
    }
    // pulled from the board's registry: nothing else can be reached from here
    expect(
      await onBoard(board, "cat /var/lib/rancher/k3s/agent/etc/containerd/certs.d/docker.io/hosts.toml"),
    ).toContain("127.0.0.1:5000");
  });

  it("keeps secrets out of state, output, arguments and readable files", async () => {
    expect(project.state()).not.toContain(token);
    const kubeconfig = (await project.run("kubeconfig", "--file", "-")).stdout;
    const key = /client-key-data: (\S{40})/.exec(kubeconfig)?.[1];
    expect(key).toBeDefined();
    expect(project.state()).not.toContain(key);
    const preview = await project.run("preview", "--verbose");
    expect(preview.text).not.toContain(token);
    expect(preview.text).not.toContain(key);
    // a bracket in the pattern, so that grep does not find itself
    const pattern = `${token.slice(0, -1)}[${token.slice(-1)}]`;
    expect(await onBoard(board, `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '${pattern}' || true`)).toBe("0");
    const holders = await onBoard(
      board,
      `grep -rlE '${pattern}' /etc /var/lib/rancher/k3s/server /var/lib/k3s-board 2>/dev/null || true`,
    );
    expect(holders).toContain("/etc/rancher/k3s/config.yaml.d/60-k3s-board-secrets.yaml");
    const readable = await onBoard(
      board,
      `for f in ${holders.split("\n").join(" ")}; do stat -c '%a %n' "$f"; done | grep -vE '^[0-7]00 ' || true`,
    );
    expect(readable).toBe("");
  });

  it("changes nothing the second time", async () => {
    const run = await project.run("up");
    expect(run.code, run.text).toBe(0);
    expect(run.report.summary).toMatchObject({ changes: false, restarts: [] });
    expect(run.report).toMatchObject({ imagesBuilt: 0, bytesPushed: 0 });
  });

  it("looks at a board in at most 6 round trips", async () => {
    const run = await project.run("preview", "--verbose", "--expect-no-changes");
    expect(run.code, run.text).toBe(0);
    expect(run.report.roundTrips).toBeGreaterThan(0);
    expect(run.report.roundTrips).toBeLessThanOrEqual(6);
  });

  it("shows a line changed by hand and what restarts, and mends it, also after an up that was killed in the middle of the restart", async () => {
    await onBoard(board, `echo 'debug: true' >> ${configFile}`);
    const preview = await project.run("preview");
    expect(preview.code, preview.text).toBe(0);
    expect(preview.text).toMatch(/-\s*debug: true/);
    expect(preview.report.summary.restarts).toEqual(["k3s.service"]);
    const { child, finished } = project.start("up", "--stack", "test", "--yes");
    for (let second = 0; second < 300; second++) {
      if ((await onBoard(board, `grep -c debug ${configFile} || true`)) === "0") break;
      await sleep(1000);
    }
    expect(await onBoard(board, `cat ${configFile}`)).not.toContain("debug");
    killTree(child.pid!);
    await finished;
    const up = await project.run("up");
    // the gate at the end has asked the cluster DNS for kubernetes.default
    expect(up.code, up.text).toBe(0);
    expect(await onBoard(board, `cat ${configFile}`)).not.toContain("debug");
    expect(await project.nodes()).toEqual(["True"]);
  });

  it("rolls back a flag that k3s refuses, with the journal's reason", async () => {
    const old = await onBoard(board, `cat ${configFile}`);
    const invocation = await onBoard(board, "k3s ctr -n k8s.io containers ls -q | sort");
    project.configure(withK3s({ config: { "kubelet-arg": ["no-such-flag=1"] } }));
    const run = await project.run("up");
    expect(run.code, run.text).toBe(1);
    expect(run.text).toMatch(/unknown flag: --no-such-flag/);
    expect(await onBoard(board, `cat ${configFile}`)).toBe(old);
    expect(await project.nodes()).toEqual(["True"]);
    // KillMode=process: the pods did not notice
    expect(await onBoard(board, "k3s ctr -n k8s.io containers ls -q | sort")).toBe(invocation);
    project.configure(sections);
    const again = await project.run("up");
    expect(again.code, again.text).toBe(0);
  });

  it("brings a stopped registry back", async () => {
    await onBoard(board, "systemctl stop k3s-board-registry");
    const preview = await project.run("preview", "--expect-no-changes");
    expect(preview.code, preview.text).toBe(7);
    const up = await project.run("up");
    expect(up.code, up.text).toBe(0);
    expect(await onBoard(board, "systemctl is-active k3s-board-registry k3s")).toBe("active\nactive");
  });

  it("has k3s make its certificates anew under the same CAs, and hands out the new kubeconfig; pods do not notice", async () => {
    const containers = () => onBoard(board, "k3s ctr -n k8s.io containers ls -q | sort");
    const tls = "cd /var/lib/rancher/k3s/server/tls && sha256sum";
    const [there, authorities] = [await containers(), await onBoard(board, `${tls} *-ca.key service.key`)];
    const kubelet = await onBoard(board, `${tls} ../../agent/client-kubelet.key`);
    const certificate = (text: string) => /client-certificate-data: (\S+)/.exec(text)?.[1];
    const former = await project.run("kubeconfig", "--file", "-");
    const rotated = await project.run("kubeconfig", "--rotate", "--yes", "--file", "-");
    expect(rotated.code, rotated.text).toBe(0);
    expect(rotated.stderr).toContain("k3s.service restarts: its certificates are made anew");
    expect(certificate(rotated.stdout)).toBeDefined();
    expect(certificate(rotated.stdout)).not.toBe(certificate(former.stdout));
    expect(await onBoard(board, `${tls} *-ca.key service.key`)).toBe(authorities);
    expect(await onBoard(board, `${tls} ../../agent/client-kubelet.key`)).not.toBe(kubelet);
    expect(await project.nodes()).toEqual(["True"]);
    expect(await containers()).toBe(there);
    const preview = await project.run("preview", "--expect-no-changes");
    expect(preview.code, preview.text).toBe(0);
  });

  it("refuses an image whose manifest lies about its programs, and touches nothing", async () => {
    // an OCI layout for riscv64 with a program for amd64 in it
    const path = mkdtempSync(join(project.directory, "lying-"));
    const program = { path: "/app", content: elfBytes({ machine: 62 }), mode: 0o755 };
    const runtime = { entrypoint: ["/app"], args: [], user: "1:1", env: {}, workingDirectory: "/" };
    await assembleImage({ tree: [program], runtime, annotations: {} }, linux("riscv64"), path);
    project.configure({
      ...sections,
      images: { ...sections.images, "example.test/lying:1": { kind: "archive", path } },
    });
    const run = await project.run("up");
    project.configure(sections);
    expect(run.code, run.text).toBe(1);
    expect(run.text).toMatch(/\/app \(layer sha256:[0-9a-f]{12}\) is a program for amd64, the image is for riscv64/);
    expect(run.report.summary.changes).toBe(false);
  });

  // twenty moments, also of the first `up`, each with an `up` that converges behind it, are `npm run test:power-loss`
  it("comes through power cuts at random moments of three ups, one after the other, and has no file half-written", async () => {
    const sides = [sections, changedSections(sections, project.directory)] as const;
    project.configure(sides[1]);
    const undisturbed = await project.run("up");
    expect(undisturbed.code, undisturbed.text).toBe(0);
    const typical = undisturbed.report.durationSeconds;
    const seed = Date.now();
    const whole = [pristine, installed, await contentsOf(board)];
    const moments: string[] = [];
    for (const [cut, side] of [sides[0], sides[1], sides[0]].entries()) {
      project.configure(side);
      const seconds = Math.round(fraction(seed, cut) * typical);
      moments.push(`${side === sections ? "back" : "forth"}, cut after ${seconds} s of ${typical.toFixed(0)} s`);
      const { contents } = await powerLossDuringUp(board, project, { seconds, patienceSeconds: 20 });
      expect(halfWritten(contents, whole), moments.join("; ")).toEqual([]);
    }
    const up = await project.run("up");
    expect(up.code, `${moments.join("; ")}\n${up.text}`).toBe(0);
    await expectNoChanges(project);
    expect(await onBoard(board, "find / -xdev -name '*.k3s-board-new' | head"), moments.join("; ")).toBe("");
    expect(await project.nodes()).toEqual(["True"]);
  });

  it("gives the board back", async () => {
    // kubectl's cache: what these tests looked with, and nobody else
    await onBoard(board, "rm -rf /root/.kube");
    const run = await project.run("destroy");
    expect(run.code, run.text).toBe(0);
    // but for what docs/destroy.md names
    expect(listingDifferences(before, await listBoard((script) => onBoard(board, script)))).toEqual([]);
    expect(await onBoard(board, "sysctl -n vm.swappiness; grep -c registry.example /etc/hosts || true")).toBe("60\n0");
    expect(
      await onBoard(board, "stat -c '%a %U:%G' /etc/rancher/k3s/registries.yaml; cat /etc/rancher/k3s/registries.yaml"),
    ).toBe("640 nobody:daemon\n# mine");
  });
});
