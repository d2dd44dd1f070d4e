import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { elfBytes } from "../components/images/elf-samples";
import type { Facts } from "../provider";
import {
  before,
  boardSays,
  coredns,
  deploy,
  directory,
  fileOf,
  find,
  healthy,
  inClear,
  k3s,
  registered,
  secrets,
  tokenWasRotated,
  web,
  withK3s,
} from "./mocked-engine";

describe("a k3s server stack", () => {
  it("registers a component per domain and the resources in it", async () => {
    await deploy({ manifests: { web } });
    expect(registered.map(({ type, name, parent }) => `${parent} > ${name} (${type})`).sort()).toMatchInlineSnapshot(`
      [
        " > agent-token (board:index:AgentToken)",
        " > image (k3s-board:images:RegistryImages)",
        " > k3s (k3s-board:k3s:K3sServer)",
        " > kubeconfig (board:index:Kubeconfig)",
        " > manifest (k3s-board:manifests:Manifests)",
        " > manifest-web-objects (board:index:ManifestObjects)",
        " > ready (board:index:ClusterReadiness)",
        " > registry (k3s-board:registry:Registry)",
        "image > docker.io/rancher/klipper-helm:v0.13.3-build20260727 (board:index:RegistryImage)",
        "image > docker.io/rancher/klipper-lb:v0.4.17 (board:index:RegistryImage)",
        "image > docker.io/rancher/local-path-provisioner:v0.0.36 (board:index:RegistryImage)",
        "image > docker.io/rancher/mirrored-coredns-coredns:1.14.6 (board:index:RegistryImage)",
        "image > docker.io/rancher/mirrored-library-busybox:1.37.0 (board:index:RegistryImage)",
        "image > docker.io/rancher/mirrored-library-traefik:3.7.8 (board:index:RegistryImage)",
        "image > docker.io/rancher/mirrored-metrics-server:v0.9.0 (board:index:RegistryImage)",
        "image > docker.io/rancher/mirrored-pause:3.10.2 (board:index:RegistryImage)",
        "k3s > k3s-data (board:index:K3sData)",
        "k3s > k3s-pause (board:index:ContainerdImage)",
        "k3s > k3s-pause-archive (board:index:File)",
        "k3s > k3s-service (board:index:SystemdService)",
        "k3s > k3s-token (board:index:TokenRotation)",
        "manifest > manifest-web (board:index:Manifest)",
        "registry > registry-binary (board:index:File)",
        "registry > registry-service (board:index:SystemdService)",
      ]
    `);
  });

  it("orders them: registry, images, k3s, manifests, gate, kubeconfig", async () => {
    await deploy({ manifests: { web } });
    const order = [
      "registry-binary",
      "registry-service",
      coredns,
      "k3s-service",
      "manifest-web",
      "ready",
      "kubeconfig",
    ];
    order.forEach((name, index) => expect([...before(name)]).toEqual(expect.arrayContaining(order.slice(0, index))));
    expect([...before("k3s-service")]).toEqual(
      expect.arrayContaining(["k3s-data", "k3s-pause-archive", "docker.io/rancher/mirrored-pause:3.10.2"]),
    );
    expect([...before("k3s-pause")]).toContain("k3s-service");
    // what the API server refuses is refused before anything of k3s is touched, and objects are deleted after their file
    for (const name of ["k3s-data", "manifest-web"]) expect([...before(name)]).toContain("manifest-web-objects");
    // what k3s leaves behind is taken away after the service, and what was there before k3s is noted before anything is written there
    expect([...before("k3s-pause-archive")]).toContain("k3s-data");
  });

  it("knows of the embedded etcd also where k3s.config asks for it: a preview warns before k3s moves its data there", async () => {
    await deploy(withK3s({ config: { "cluster-init": true } }));
    expect(find("k3s-service")?.inputs).toMatchObject({ program: { upgrade: { embeddedEtcd: true } } });
  });

  it("makes the binary the service's own, with the version that it must be of", async () => {
    await deploy();
    expect(find("k3s-service")?.inputs).toMatchObject({
      program: {
        path: "/usr/local/bin/k3s",
        source: k3s,
        version: "v1.36.3+k3s1",
        upgrade: {
          kind: "kubernetes",
          allowDowngrade: false,
          datastore: "/var/lib/rancher/k3s/server/db",
          restoreDatastore: false,
          server: "https://127.0.0.1:6443",
        },
      },
    });
    expect(find("k3s-binary")).toBeUndefined();
  });

  it("has the program asked for what k3s is started with, by its files and its command line, and not for what k3s hides", async () => {
    await deploy(
      withK3s({
        disable: ["traefik"],
        config: { "kubelet-arg+": ["v=2"], "disable-etcd": false, "agent-token": "for-agents" },
      }),
    );
    expect(find("k3s-service")?.inputs.flags).toEqual({
      program: "/usr/local/bin/k3s",
      command: "server",
      names: ["agent-token", "disable", "kubelet-arg", "pause-image", "tls-san", "token"],
    });
  });

  it("takes a key that only a k3s newer than the table can know, and has it asked", async () => {
    // nobody knows its images
    const disable = ["coredns", "local-storage", "metrics-server", "servicelb", "traefik", "runtimes"];
    const newer = { version: "v1.37.0+k3s1", disable, pauseImage: "docker.io/rancher/mirrored-pause:3.10.2" };
    await deploy(withK3s({ ...newer, config: { "shiny-new": 1 } }));
    expect(fileOf("k3s-service", "50-k3s-board.yaml")).toContain("shiny-new: 1\n");
    expect(find("k3s-service")?.inputs.flags).toMatchObject({
      names: expect.arrayContaining(["shiny-new"]) as string[],
    });
    await expect(deploy(withK3s({ config: { "shiny-new": 1 } }))).rejects.toThrow("k3s has no flag --shiny-new");
  });

  it("lets no secret out in clear", async () => {
    await deploy({ registry: { kind: "board", username: "me", password: secrets.password } });
    const clear = JSON.stringify(registered.map(({ inputs }) => inClear(inputs)));
    for (const secret of Object.values(secrets)) expect(clear).not.toContain(secret);
    // nor the password's hash, which could be tried out
    expect(clear).not.toContain("$2b$");
    const everything = JSON.stringify(registered.map(({ inputs }) => inputs));
    for (const text of [...Object.values(secrets), "$2b$"]) expect(everything).toContain(text);
    expect(find("kubeconfig")?.secretOutputs).toContain("kubeconfig");
  });

  it.each([{ "datastore-endpoint": "postgres://db" }, { server: "https://192.0.2.1:6443" }])(
    "leaves a cluster alone that k3s's first start does not make: %o",
    async (config) => {
      await deploy(withK3s({ config }));
      expect(find("k3s-service")?.inputs.programData).toMatchObject({ begins: [] });
    },
  );

  it("shows files without secrets line by line", async () => {
    await deploy();
    expect(fileOf("k3s-service", "50-k3s-board.yaml")).toBe("tls-san:\n  - board.example\n");
    expect(fileOf("k3s-service", "registries.yaml")).toContain("http://127.0.0.1:5000");
    expect(fileOf("k3s-service", "60-k3s-board-secrets.yaml")).toBe("[secret]");
    expect(fileOf("k3s-service", "/agent/etc/containerd/config-v3.toml.d/50-k3s-board.toml")).toMatch(
      /sync_fs = true$/m,
    );
  });

  it("restarts k3s for a token that was rotated, where its file has the new one already", async () => {
    await deploy();
    expect(find("k3s-token")?.inputs).toMatchObject({
      secretsFile: "/etc/rancher/k3s/config.yaml.d/60-k3s-board-secrets.yaml",
    });
    expect(find("k3s-service")?.inputs.restartTriggers).toEqual({});
    tokenWasRotated(2);
    await deploy();
    expect(registered.findLast(({ name }) => name === "k3s-service")?.inputs.restartTriggers).toEqual({ token: "2" });
  });

  it("waits for what k3s and the manifests deploy, and for DNS", async () => {
    const app = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: app, namespace: web }\n";
    await deploy({ ...withK3s({ disable: ["traefik", "local-storage"] }), manifests: { app: { yaml: app } } });
    expect(find("ready")?.inputs).toMatchObject({
      deployments: ["kube-system/coredns", "kube-system/metrics-server", "web/app"],
      dns: { server: "10.43.0.10", name: "kubernetes.default.svc.cluster.local" },
    });
  });
});

describe("variants of a k3s server stack", () => {
  it("brings its own CoreDNS manifest, with what k3s then leaves out", async () => {
    await deploy(
      withK3s({ coredns: "custom", config: { "cluster-dns": "10.99.0.10", "cluster-domain": "board.test" } }),
    );
    expect(fileOf("k3s-service", "10-k3s-board.conf")).toContain("--disable=coredns");
    const { path, content } = find("manifest-coredns")?.inputs ?? {};
    expect(path).toBe("/var/lib/rancher/k3s/server/manifests/custom-coredns.yaml");
    expect(content).toContain("192.0.2.7 licheepi");
    expect(content).toContain("clusterIP: 10.99.0.10");
    expect(content).toContain("kubernetes board.test in-addr.arpa");
    expect(find("ready")?.inputs).toMatchObject({
      deployments: expect.arrayContaining(["kube-system/coredns"]) as string[],
      dns: { server: "10.99.0.10", name: "kubernetes.default.svc.board.test" },
    });
  });

  it("does without CoreDNS where nobody deploys it", async () => {
    await deploy(withK3s({ disable: ["coredns"] }));
    expect(find(coredns)).toBeUndefined();
    expect(find("ready")?.inputs.dns).toBeUndefined();
  });

  it("uses a registry that is there already", async () => {
    const url = "https://registry.example:5000";
    await deploy({ registry: { kind: "external", url, username: "me", password: secrets.password } });
    expect(registered.filter(({ parent }) => parent === "registry")).toEqual([]);
    expect(find(coredns)?.inputs.registry).toMatchObject({ url, throughBoard: false });
    expect(fileOf("k3s-service", "registries.yaml")).toBe("[secret]");
    expect(JSON.stringify(registered.map(({ inputs }) => inClear(inputs)))).not.toContain(secrets.password);
  });

  it("takes k3s from a package of the distribution", async () => {
    await deploy(withK3s({ source: { package: "k3s", version: "1.36.3" }, allowDowngrade: true }));
    expect(find("k3s-package")?.inputs).toMatchObject({
      name: "k3s",
      version: "1.36.3",
      upgrade: { kind: "kubernetes", allowDowngrade: true },
    });
    expect(find("k3s-service")?.inputs).toMatchObject({ restartTriggers: { binary: "1" } });
    expect(find("k3s-service")?.inputs.program).toBeUndefined();
    expect(fileOf("k3s-service", "10-k3s-board.conf")).toContain("ExecStart=/usr/bin/k3s");
  });
});

describe("the ways images reach the board", () => {
  const pauseName = "docker.io/rancher/mirrored-pause:3.10.2";
  const ofType = (type: string) =>
    registered.filter((resource) => resource.type === `board:index:${type}`).map(({ name }) => name);

  it.each(["mirror", "retag", "airgap", "system-default-registry"])(
    "%s: the pause archive before k3s, and nothing before the registry",
    async (delivery) => {
      await deploy({ ...withK3s({ disable: ["traefik", "servicelb", "local-storage", "metrics-server"] }), delivery });
      expect([...before("k3s-service")]).toContain("k3s-pause-archive");
      expect([...before("k3s-pause")]).toContain("k3s-service");
      for (const name of ofType("RegistryImage")) expect([...before(name)]).toContain("registry-service");
      for (const name of ofType("RegistryImage")) expect([...before("k3s-service")]).toContain(name);
      for (const name of ofType("ContainerdImage")) expect([...before("ready")]).toContain(name);
    },
  );

  it("mirror: only the registries that are needed", async () => {
    await deploy();
    expect(fileOf("k3s-service", "registries.yaml")).toBe(
      "mirrors:\n  docker.io:\n    endpoint:\n      - http://127.0.0.1:5000\n",
    );
    expect(ofType("ContainerdImage")).toEqual(["k3s-pause"]);
  });

  it("retag: containerd pulls by digest once k3s runs, and CoreDNS of ours is never pulled by a pod", async () => {
    await deploy({ ...withK3s({ coredns: "custom" }), delivery: "retag" });
    const { digest } = find(coredns)?.inputs ?? {};
    expect(find(`k3s-${coredns}`)?.inputs).toMatchObject({
      name: coredns,
      digest,
      pull: {
        reference: `127.0.0.1:5000/rancher/mirrored-coredns-coredns@${String(digest)}`,
        command: ["/usr/local/bin/k3s", "crictl", "--runtime-endpoint", "unix:///run/k3s/containerd/containerd.sock"],
      },
    });
    expect([...before(`k3s-${coredns}`)]).toEqual(expect.arrayContaining(["k3s-service", coredns]));
    expect(find("manifest-coredns")?.inputs.content).toContain("imagePullPolicy: Never");
    expect(fileOf("k3s-service", "registries.yaml")).toBe(
      "mirrors:\n  127.0.0.1:5000:\n    endpoint:\n      - http://127.0.0.1:5000\n",
    );
  });

  it("airgap: archives in agent/images and no registry", async () => {
    await deploy({ delivery: "airgap" });
    expect(registered.filter(({ parent, type }) => parent === "registry" || /Registry/.test(type))).toEqual([]);
    expect(fileOf("k3s-service", "registries.yaml")).toBeUndefined();
    expect(find("k3s-coredns-archive")?.inputs).toMatchObject({
      path: "/var/lib/rancher/k3s/agent/images/k3s-board-coredns.tar.zst",
      source: `/archives/${coredns}.tar.zst`,
    });
    expect([...before("k3s-service")]).toContain("k3s-coredns-archive");
    expect(find(`k3s-${coredns}`)?.inputs).toMatchObject({ name: coredns, archive: `/archives/${coredns}.tar` });
  });

  it("airgap: a registry that is asked for is set up, and k3s knows it under its own address", async () => {
    const registry = { kind: "board", port: 5001, username: "me", password: secrets.password };
    await deploy({ delivery: "airgap", registry });
    expect(find("registry-service")).toBeDefined();
    expect([...before("k3s-service")]).toContain("registry-service");
    expect(ofType("RegistryImage")).toEqual([]);
    expect(fileOf("k3s-service", "registries.yaml")).toBe("[secret]");
  });

  it("system-default-registry: a key of k3s, and names with the registry in front", async () => {
    const disable = ["traefik", "servicelb", "local-storage", "metrics-server"];
    await deploy({ ...withK3s({ coredns: "custom", disable }), delivery: "system-default-registry" });
    expect(fileOf("k3s-service", "50-k3s-board.yaml")).toContain("system-default-registry: 127.0.0.1:5000\n");
    expect(fileOf("k3s-service", "10-k3s-board.conf")).toContain("--pause-image=rancher/mirrored-pause:3.10.2");
    expect(find("k3s-pause")?.inputs.name).toBe(pauseName.replace("docker.io", "127.0.0.1:5000"));
    expect(find("manifest-coredns")?.inputs.content).toContain(
      `image: ${coredns.replace("docker.io", "127.0.0.1:5000")}`,
    );
  });
});

describe("a stack that cannot work registers nothing", () => {
  it.each<[string, Partial<Facts>, RegExp]>([
    ["another architecture", { machine: "aarch64" }, /configuration says riscv64, the board says arm64/],
    ["an unknown architecture", { machine: "mips" }, /the board says mips: this program has no builds for it/],
    ["an old systemd", { systemdVersion: 241 }, /systemd 241; 247 is the oldest/],
    [
      "a clock that begins with 1970",
      { clockSeconds: 3600 },
      /the board's clock is \d+ days behind: .* board\.prerequisites\.timeSync/,
    ],
    ["no memory controller", { cgroupControllers: ["cpu"] }, /cgroup_enable=memory/],
  ])("%s", async (_title, wrong, message) => {
    boardSays({ ...healthy, ...wrong });
    await expect(deploy()).rejects.toThrow(message);
    expect(registered).toEqual([]);
  });

  it("a board without systemd", async () => {
    const { systemdVersion: _none, ...others } = healthy;
    boardSays({ ...others, os: "Alpine Linux v3.22" });
    await expect(deploy()).rejects.toThrow(
      "Alpine Linux v3.22 does not run systemd, by which this program starts, watches and rolls back services: use a distribution with systemd 247 or newer",
    );
    expect(registered).toEqual([]);
  });

  it("a binary for another architecture", async () => {
    const other = join(directory, "k3s-amd64");
    writeFileSync(other, elfBytes({ machine: 62 }));
    await expect(deploy(withK3s({ source: { path: other } }))).rejects.toThrow(/is for amd64, the board is riscv64/);
    expect(registered).toEqual([]);
  });

  it("a manifest that is no Kubernetes object", async () => {
    await expect(deploy({ manifests: { web: { yaml: "a: 1" } } })).rejects.toThrow(
      /manifests\.web\.yaml: document 1: apiVersion: is missing/,
    );
    expect(registered).toEqual([]);
  });
});
