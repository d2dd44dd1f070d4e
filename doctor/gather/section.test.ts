import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sectionFragment, whyUnseen, type Section } from "./section";
import { sections } from "./sections";

const section = (changes: Partial<Section>): Section => ({
  title: "thing",
  command: ":",
  seconds: 2,
  bytes: 1000,
  ...changes,
});
const run = (one: Section) => {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", sectionFragment(one)], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { code: status, text: stdout, error: stderr.trim() };
};

describe("sectionFragment", () => {
  it("gives output, errors and exit code of the command", () => {
    expect(run(section({ command: "echo 'it'\"'\"'s'; echo why >&2; exit 3" }))).toEqual({
      code: 3,
      text: "it's\n",
      error: "why",
    });
  });
  it("ends a command that hangs, with what it started, and keeps what it had said", () => {
    const began = Date.now();
    const { code, text } = run(section({ command: "echo first; sleep 60; echo never", seconds: 1 }));
    expect({ code, text }).toEqual({ code: 124, text: "first\n" });
    expect(Date.now() - began).toBeLessThan(15_000);
  });
  it("keeps no more bytes than asked for", () => {
    expect(run(section({ command: "yes", bytes: 10 })).text).toBe("y\ny\ny\ny\ny\n");
  });
});

describe("whyUnseen", () => {
  const why = (code: number, text = "", error = "") => whyUnseen(section({}), { code, text, error });
  it("says why", () => {
    expect(why(124)).toBe("no answer within 2 s");
    expect(why(127, "", "there is no crictl")).toBe("there is no crictl");
    expect(why(1, "", "connect: connection refused")).toBe("connect: connection refused");
  });
  it("is content with an answer, an empty one too", () => {
    expect(why(0)).toBeUndefined();
    expect(why(1, "something")).toBeUndefined();
  });
});

it("what a board says of itself has nothing of the files of k3s, whose secrets nothing would find in base64", () => {
  const root = mkdtempSync(join(tmpdir(), "section-"));
  const files = ["etc/rancher/k3s/config.yaml", "etc/systemd/system/k3s.service.env"];
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), "K3S_CONFIG_FILE=/pl4nted\n");
  }
  const script = sections.board.command.replaceAll("/etc/", `${root}/etc/`);
  const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  rmSync(root, { recursive: true });
  expect(stdout).toContain("hostname=");
  expect(stdout).not.toMatch(/k3s/);
});

it("the kernel is asked for the option that a match hangs on, not for its older name", () => {
  const root = mkdtempSync(join(tmpdir(), "section-"));
  const config =
    "CONFIG_NETFILTER_XT_MARK=m\n# CONFIG_NETFILTER_XT_MATCH_COMMENT is not set\nCONFIG_NETFILTER_XT_NAT=m\n";
  writeFileSync(join(root, "config.gz"), gzipSync(config));
  const script = sections.kernel.command.replace("/proc/config.gz", join(root, "config.gz"));
  const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  rmSync(root, { recursive: true });
  expect(stdout.split("\n").filter((line) => line.startsWith("config="))).toEqual([
    "config=CONFIG_NETFILTER_XT_MARK=m",
    "config=# CONFIG_NETFILTER_XT_MATCH_COMMENT is not set",
  ]);
});

describe.each(["crictl-pods", "crictl-ps", "ctr-images"] as const)("%s", (name) => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "section-"));
    writeFileSync(join(root, "k3s"), "#!/bin/sh\necho asked\n", { mode: 0o755 });
  });
  afterEach(() => rmSync(root, { recursive: true }));
  /** The section's script on a host whose `/var/lib`, `/etc` and `/run` are in `root`. */
  const ask = () => {
    const script = sections[name].command.replaceAll(/\/(var\/lib|etc|run)\//g, (path) => `${root}${path}`);
    const env = { PATH: `${root}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { env, encoding: "utf8" });
    return { status, stdout, stderr: stderr.replaceAll(root, "") };
  };

  it("is not asked of a k3s that would unpack itself for it", () => {
    const stderr = "k3s has not unpacked its tools to /var/lib/rancher/k3s/data: it has not run yet\n";
    expect(ask()).toEqual({ status: 127, stdout: "", stderr });
  });
  it("is asked of one that has run", () => {
    mkdirSync(join(root, "var/lib/rancher/k3s/data"), { recursive: true });
    expect(ask()).toEqual({ status: 0, stdout: "asked\n", stderr: "" });
  });
  it("is asked of one that has its data elsewhere by a file", () => {
    mkdirSync(join(root, "etc/rancher/k3s"), { recursive: true });
    mkdirSync(join(root, "data"));
    writeFileSync(join(root, "etc/rancher/k3s/config.yaml"), `data-dir: "${root}"\n`);
    expect(ask()).toEqual({ status: 0, stdout: "asked\n", stderr: "" });
  });
  it("is asked of one that runs with its data elsewhere by its command line", async () => {
    mkdirSync(join(root, "run/k3s/containerd"), { recursive: true });
    const server = createServer().listen(join(root, "run/k3s/containerd/containerd.sock"));
    await once(server, "listening");
    expect(ask()).toEqual({ status: 0, stdout: "asked\n", stderr: "" });
    server.close();
  });
});

describe("a node of kubeadm", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "section-"));
    mkdirSync(join(root, "var/lib/kubelet"), { recursive: true });
    for (const program of ["crictl", "ctr"])
      writeFileSync(join(root, program), "#!/bin/sh\necho $*\n", { mode: 0o755 });
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const kubelet = (file: string, text: string) => writeFileSync(join(root, "var/lib/kubelet", file), text);
  const ask = (name: "crictl-pods" | "ctr-images") => {
    const script = sections[name].command.replaceAll("/var/lib/", `${root}/var/lib/`);
    const env = { PATH: `${root}:${process.env.PATH}` };
    const { stdout, stderr } = spawnSync("sh", ["-c", script], { env, encoding: "utf8" });
    return stdout + stderr;
  };

  it.each([
    ["nothing", "", "", "--timeout 5s pods -o json\n"],
    [
      "its configuration",
      "a: b\ncontainerRuntimeEndpoint: 'unix:///run/x.sock'\n",
      "",
      "--runtime-endpoint unix:///run/x.sock --timeout 5s pods -o json\n",
    ],
    [
      "a flag",
      'containerRuntimeEndpoint: ""\n',
      'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/y.sock --v=2"\n',
      "--runtime-endpoint unix:///run/y.sock --timeout 5s pods -o json\n",
    ],
  ])("crictl asks whom kubelet asks by %s", (_what, config, flags, expected) => {
    kubelet("config.yaml", config);
    if (flags !== "") kubelet("kubeadm-flags.env", flags);
    expect(ask("crictl-pods")).toBe(expected);
  });
  it("images are looked for in containerd where kubelet has them", () => {
    kubelet("config.yaml", "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n");
    expect(ask("ctr-images")).toBe("--timeout 5s -n k8s.io images ls\n");
    kubelet("config.yaml", "containerRuntimeEndpoint: unix:///var/run/cri-dockerd.sock\n");
    expect(ask("ctr-images")).toBe("kubelet has its images in Docker, not in containerd\n");
  });
});

it("the limits of each half of the batch end before the batch's own 120 s", () => {
  const limits = Object.values<Section>(sections).map(({ seconds }) => seconds + 1);
  for (const half of [0, 1]) {
    expect(limits.filter((_, index) => index % 2 === half).reduce((sum, one) => sum + one, 0)).toBeLessThan(110);
  }
});

it.each(Object.entries<Section>(sections))("%s is a script that a shell can read", (_name, { command }) => {
  const { status, stderr } = spawnSync("sh", ["-n"], { input: command, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
