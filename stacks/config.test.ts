import { describe, expect, it } from "vitest";
import { ConfigError, parseK3sConfig, parseStackConfig } from "./config";

const good = {
  board: { host: "board.example", arch: "riscv64", hostKey: "ssh-ed25519 AAAA" },
  k3s: { version: "v1.36.3+k3s1", source: { path: "./k3s" } },
};

function problemsOf(values: Record<string, unknown>): Record<string, string> {
  try {
    parseStackConfig(values);
  } catch (error) {
    if (error instanceof ConfigError)
      return Object.fromEntries(error.problems.map(({ path, reason }) => [path, reason]));
    throw error;
  }
  return {};
}

const withK3s = (k3s: object) => ({ ...good, k3s: { ...good.k3s, ...k3s } });

describe("parseStackConfig", () => {
  it("fills in defaults", () => {
    const config = parseK3sConfig(good);
    expect(config.board).toMatchObject({ port: 22, user: "root", knownHosts: "~/.ssh/known_hosts" });
    expect(config.delivery).toBe("mirror");
    expect(config.registry).toEqual({ kind: "board", listen: "127.0.0.1", port: 5000 });
    expect(config.k3s).toMatchObject({ disable: [], coredns: "bundled", config: {} });
  });

  it("has a registry where the delivery needs one, or where one is asked for", () => {
    expect(parseStackConfig({ ...good, delivery: "airgap" }).registry).toBeUndefined();
    expect(parseStackConfig({ ...good, delivery: "retag" }).registry).toMatchObject({ kind: "board", port: 5000 });
    const asked = parseStackConfig({ ...good, delivery: "airgap", registry: { kind: "board" } });
    expect(asked.registry).toMatchObject({ kind: "board", listen: "127.0.0.1" });
  });

  it("reports three mistakes in one error that names three paths", () => {
    const values = {
      board: { host: "board.example", arch: "riscv", hostKey: "ssh-ed25519 AAAA" },
      k3s: { ...good.k3s, disable: ["core-dns"], config: { "kubelet-args": ["v=2"] } },
    };
    expect(Object.keys(problemsOf(values)).sort()).toEqual(["board.arch", "k3s.config.kubelet-args", "k3s.disable[0]"]);
    expect(problemsOf(values)["k3s.config.kubelet-args"]).toContain("did you mean kubelet-arg?");
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ["a missing section", { k3s: good.k3s }, "board", /missing/],
    ["an unknown key", { ...good, board: { ...good.board, hots: 1 } }, "board.hots", /not a known key/],
    [
      "a flag that this program sets",
      withK3s({ config: { "pause-image": "x" } }),
      "k3s.config.pause-image",
      /use k3s\.pauseImage/,
    ],
    ["a list where a boolean belongs", withK3s({ config: { debug: ["x"] } }), "k3s.config.debug", /expected a boolean/],
    [
      "a flag that this version of k3s does not have yet",
      withK3s({ version: "v1.25.3+k3s1", config: { "embedded-registry": true } }),
      "k3s.config.embedded-registry",
      /k3s 1\.25 has no flag --embedded-registry: it came with 1\.26/,
    ],
    [
      "a bad flag beside a bad version",
      withK3s({ version: "latest", config: { "kubelet-args": "x" } }),
      "k3s.config.kubelet-args",
      /did you mean kubelet-arg\?/,
    ],
    [
      "a bad flag beside a section that lacks its source",
      { ...good, k3s: { version: "v1.36.3", config: { "kubelet-args": "x" } } },
      "k3s.config.kubelet-args",
      /did you mean kubelet-arg\?/,
    ],
    [
      "an unknown release of a package",
      withK3s({ version: "v1.23.1+k3s1", source: { package: "k3s" } }),
      "k3s.pauseImage",
      /not among the known releases \(1\.24 to 1\.36\)/,
    ],
    [
      "a whole index in archives for one board",
      { ...good, delivery: "airgap", images: { "me/app:1": { kind: "mirror", platforms: "all" } } },
      "images.me/app:1.platforms",
      /delivery airgap brings the board's platform only/,
    ],
    [
      "a name of the node that nobody can tell before",
      withK3s({ config: { "with-node-id": true } }),
      "k3s.config.with-node-id",
      /use node-name/,
    ],
    [
      "a pause image that is no image name",
      withK3s({ pauseImage: "Rancher/Pause:3.10" }),
      "k3s.pauseImage",
      /is not an image name/,
    ],
    [
      "k3s's own flag for the registry",
      withK3s({ config: { "system-default-registry": "registry.example" } }),
      "k3s.config.system-default-registry",
      /use delivery/,
    ],
    [
      "a kubeconfig elsewhere, of which k3s would make a link",
      withK3s({ config: { "write-kubeconfig": "/root/k3s.yaml" } }),
      "k3s.config.write-kubeconfig",
      /take the stack output kubeconfig/,
    ],
    ["more time than a service has", withK3s({ startTimeoutSeconds: 7200 }), "k3s.startTimeoutSeconds", /3600/],
    ["a bootstrap token", withK3s({ token: "abcdef.0123456789abcdef" }), "k3s.token", /form of a bootstrap token/],
    [
      "a system image twice",
      {
        ...good,
        images: {
          "me/pause:1": { kind: "pause", system: "pause" },
          "me/pause:2": { kind: "pause", system: "pause" },
        },
      },
      "images.me/pause:2.system",
      /me\/pause:1 is pause already/,
    ],
    [
      "a source without its checksum",
      withK3s({ source: { url: "https://k3s.example/k3s" } }),
      "k3s.source.sha256",
      /missing/,
    ],
    ["an image name", { ...good, images: { "Not An Image": { kind: "pause" } } }, "images.Not An Image", /image name/],
    ["a manifest's name", { ...good, manifests: { "My App": { yaml: "a: 1" } } }, "manifests.My App", /lower-case/],
    [
      "a registry below a path",
      { ...good, registry: { kind: "external", url: "https://registry.example/project" } },
      "registry.url",
      /^expected .* and nothing behind it: .* images are there under their own paths$/,
    ],
    [
      "a login in the registry's address",
      { ...good, registry: { kind: "external", url: "https://me:secret@registry.example" } },
      "registry.url",
      /^(?!.*secret)expected https?:/,
    ],
    ["an open registry", { ...good, registry: { kind: "board", listen: "0.0.0.0" } }, "registry.tls", /needs TLS/],
  ])("names %s", (_title, values, path, reason) => {
    expect(problemsOf(values)[path]).toMatch(reason);
  });
});

describe("agents", () => {
  const agent = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" };

  it("are none by default", () => {
    expect(parseStackConfig(good).agents).toEqual({});
    expect(parseStackConfig({ ...good, agents: { w1: agent } }).agents.w1).toMatchObject({
      port: 22,
      labels: {},
      taints: [],
    });
  });

  it("are checked with all else, each problem with its path", () => {
    const agents = {
      W1: agent,
      w1: {
        ...agent,
        labels: { "bad key": "x" },
        taints: ["gpu"],
        config: { "node-label": ["a=b"], "kubelet-args": ["x"] },
      },
      w2: {
        ...agent,
        port: 0,
        config: { disable: "traefik", "node-ip": "nowhere", "kubelet-arg": ["pod-infra-container-image=x"] },
      },
    };
    expect(problemsOf({ ...withK3s({ disable: ["nothing"] }), agents })).toMatchObject({
      "k3s.disable[0]": expect.any(String) as string,
      "agents.W1": expect.stringContaining("lower-case") as string,
      "agents.w1.labels.bad key": expect.stringContaining("expected the key of a label") as string,
      "agents.w1.taints[0]": expect.stringContaining("expected key=value:effect") as string,
      "agents.w1.config.node-label": expect.stringContaining("use labels") as string,
      "agents.w1.config.kubelet-args": expect.stringContaining("did you mean kubelet-arg?") as string,
      "agents.w2.port": expect.any(String) as string,
      "agents.w2.config.disable": "--disable is a flag of k3s server, not of k3s agent",
      "agents.w2.config.node-ip": "nowhere is no IP address",
      "agents.w2.config.kubelet-arg": expect.stringContaining("1.34 was the last with it") as string,
    });
  });

  it("are boards of their own", () => {
    const agents = { w1: { ...agent, host: "board.example" }, w2: agent, w3: agent };
    expect(problemsOf({ ...good, agents })).toEqual({
      "agents.w1.host": "board.example:22 is board already: a board is one node",
      "agents.w3.host": "w1.example:22 is agents.w2 already: a board is one node",
    });
  });

  it("of another architecture need a k3s and images for it", () => {
    const agents = { w1: { ...agent, arch: "arm64" } };
    const registry = { kind: "external", url: "https://registry.example" };
    expect(problemsOf({ ...good, agents, registry })).toEqual({
      "agents.w1.source": "is missing: k3s.source is for riscv64, this board is arm64",
      "agents.w1.arch":
        "the registry's images are for riscv64: leave it on each board's loopback, or choose delivery: airgap",
    });
    const own = { w1: { ...agent, arch: "arm64", source: { path: "./k3s-arm64" } } };
    expect(problemsOf({ ...good, agents: own })).toEqual({});
  });

  it("cannot pull from a registry that listens everywhere", () => {
    const tls = { certificate: "a", key: "b" };
    const registry = { kind: "board", listen: "0.0.0.0", tls, username: "me", password: "secret" };
    expect(problemsOf({ ...good, agents: { w1: agent }, registry })["registry.listen"]).toMatch(
      /name one of the server's board/,
    );
    expect(problemsOf({ ...good, registry })).toEqual({});
  });
});

describe("versions and names of nodes", () => {
  const node = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" };
  const source = { path: "./k3s-older" };
  const problems = (agents: object, more: object = {}) => problemsOf({ ...good, ...more, agents });

  it.each<[string, object, Record<string, RegExp>]>([
    ["an older agent with its binary", { version: "v1.33.1+k3s1", source }, {}],
    ["one without", { version: "v1.35.1+k3s1" }, { "agents.w1.source": /is missing: k3s\.source is v1\.36\.3/ }],
    ["one that is too old", { version: "v1.32.1+k3s1", source }, { "agents.w1.version": /too old/ }],
    ["one that is newer", { version: "v1.37.0+k3s1", source }, { "agents.w1.version": /servers first, then agents/ }],
    ["a version that is none", { version: "latest", source }, { "agents.w1.version": /expected a k3s version/ }],
    [
      "a flag that its version does not have yet",
      { version: "v1.35.1+k3s1", source, config: { "kubelet-args": "x" } },
      { "agents.w1.config.kubelet-args": /did you mean/ },
    ],
  ])("%s", (_title, agent, expected) => {
    const found = problems({ w1: { ...node, ...agent } });
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
    for (const [path, reason] of Object.entries(expected)) expect(found[path]).toMatch(reason);
  });

  it("refuses one board or one name for a server and an agent", () => {
    const servers = { w1: { ...node, config: { "cluster-cidr": "10.0.0.0/8" } } };
    expect(problems({ w1: node }, { servers })).toMatchObject({
      "agents.w1": "servers.w1 is the node of that name already",
      "agents.w1.host": expect.stringContaining("w1.example:22 is servers.w1 already") as string,
      "servers.w1.config.cluster-cidr": expect.stringContaining("use k3s.config") as string,
    });
  });
});

describe("parseStackConfig of a stack with kubeadm", () => {
  const { k3s, ...others } = good;
  const kubeadm = (section: object = {}, more: object = {}) => ({
    ...others,
    kubeadm: { version: "v1.36.3", ...section },
    ...more,
  });

  it("fills in defaults, and takes an empty section of k3s as none", () => {
    const config = parseStackConfig(kubeadm({}, { k3s: {} }));
    expect(config).toMatchObject({
      kubeadm: {
        source: { kind: "module" },
        runtime: { kind: "containerd", cgroupDriver: "systemd", runc: { kind: "package" } },
        cni: { kind: "bridge" },
        podSubnet: "10.244.0.0/16",
      },
      registry: { kind: "board", port: 5000 },
    });
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ["neither distribution", { ...others }, "k3s", /exactly one of k3s and kubeadm/],
    ["both distributions", kubeadm({}, { k3s }), "kubeadm", /one or the other/],
    ["Kubernetes 1.9", kubeadm({ version: "v1.9.2" }), "kubeadm.version", /not supported.*make a new cluster/],
    [
      "keys that kubeadm of the version cannot be told",
      kubeadm({ version: "v1.30.14", encryptionAlgorithm: "RSA-4096" }),
      "kubeadm.encryptionAlgorithm",
      /RSA-2048: it can be told from 1\.31 on/,
    ],
    ["a version that is not built here", kubeadm({ version: "v1.35.0" }), "kubeadm.source.kind", /give url or package/],
    ["overlapping networks", kubeadm({ podSubnet: "10.100.0.0/16" }), "kubeadm.podSubnet", /overlaps serviceSubnet/],
    ["no network", kubeadm({ serviceSubnet: "10.96.1.0/12" }), "kubeadm.serviceSubnet", /first address/],
    [
      "cgroup drivers that differ",
      kubeadm({ kubelet: { cgroupDriver: "cgroupfs" } }),
      "kubeadm.kubelet.cgroupDriver",
      /says cgroupfs: set kubeadm\.kubelet\.cgroupDriver to systemd, or set kubeadm\.runtime\.cgroupDriver to cgroupfs/,
    ],
    [
      "cgroup drivers that differ the other way",
      kubeadm({ kubelet: { cgroupDriver: "systemd" }, runtime: { kind: "containerd", cgroupDriver: "cgroupfs" } }),
      "kubeadm.kubelet.cgroupDriver",
      /kubeadm\.runtime\.cgroupDriver says cgroupfs, kubeadm\.kubelet\.cgroupDriver says systemd/,
    ],
    ["a delivery of k3s's", kubeadm({}, { delivery: "retag" }), "delivery", /expected mirror/],
    ["manifests", kubeadm({}, { manifests: { web: { file: "./web.yaml" } } }), "manifests", /use workloads/],
  ])("refuses %s", (_title, values, path, reason) => {
    expect(problemsOf(values)[path]).toMatch(reason);
  });

  describe("with workers", () => {
    const worker = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" };
    const flannel = { cni: { kind: "flannel" } };
    const workers = (agents: object, section: object = flannel, more: object = {}) =>
      kubeadm(section, { agents, ...more });

    it("takes boards with a node each", () => {
      const given = workers({ w1: { ...worker, nodeAddress: "192.0.2.8", labels: { disk: "ssd" } } });
      expect(parseStackConfig(given).agents.w1).toMatchObject({ nodeAddress: "192.0.2.8", drainTimeoutSeconds: 300 });
    });

    it("tells all that is wrong at once", () => {
      const agents = {
        W1: worker,
        w1: { ...worker, host: "board.example", version: "v1.36.3+k3s1", taints: ["gpu"] },
        w2: { ...worker, port: 0 },
      };
      expect(Object.keys(problemsOf(workers(agents, { version: "v1.9.2" }))).sort()).toEqual([
        "agents.W1",
        "agents.w1.taints[0]",
        "agents.w2.port",
        "kubeadm.version",
      ]);
      const source = { path: "./k3s" };
      const k3sKeys = { ...worker, version: "v1.36.3+k3s1", source, config: { "node-ip": "192.0.2.8" } };
      expect(problemsOf(workers({ w1: k3sKeys, w2: { ...worker, host: "board.example" } }, {}))).toEqual({
        "kubeadm.cni.kind":
          "bridge networks the pods of one node, and the cluster has 3: use flannel, which joins them; a cluster that is there with bridge is destroyed and made anew for that",
        "agents.w1.version": "is k3s's: all nodes have kubeadm.version",
        "agents.w1.source": "is k3s's: kubeadm.source is for all nodes",
        "agents.w1.config.node-ip":
          "is k3s's: kubelet's configuration is kubeadm.kubelet, the node's address nodeAddress",
        "agents.w2.host": "board.example:22 is board already: a board is one node",
      });
    });

    it.each<[string, object, object, string, RegExp]>([
      [
        "a program for another architecture",
        {
          runtime: {
            kind: "containerd",
            runc: { kind: "url", runc: { url: "https://x.example/r", sha256: "0".repeat(64) } },
          },
        },
        {},
        "agents.w1.arch",
        /kubeadm\.runtime\.runc is for riscv64, this board is arm64: choose module or package/,
      ],
      [
        "a shared registry with images for another architecture",
        {},
        { registry: { kind: "external", url: "https://registry.example" } },
        "agents.w1.arch",
        /the registry's images are for riscv64: leave it on each board's loopback$/,
      ],
      [
        "Calico where one board cannot have it",
        { cni: { kind: "calico", version: "v3.30.0", manifest: "./none.yaml" } },
        {},
        "kubeadm.cni.kind",
        /Calico has no images for riscv64/,
      ],
    ])("refuses %s", (_title, section, more, path, reason) => {
      expect(problemsOf(workers({ w1: { ...worker, arch: "arm64" } }, { ...flannel, ...section }, more))[path]).toMatch(
        reason,
      );
    });

    it("wants the nodes' network let in where Calico is behind a firewall", () => {
      const cni = { kind: "calico", version: "v3.30.0", manifest: "./none.yaml" };
      const behind = (trustedNetworks: string[]) => ({
        w1: { ...worker, prerequisites: { firewall: { kind: "ports", trustedNetworks } } },
      });
      const path = "agents.w1.prerequisites.firewall.trustedNetworks";
      expect(problemsOf(workers(behind([]), { cni }))[path]).toMatch(/Calico needs more than ports between nodes/);
      expect(problemsOf(workers(behind(["192.0.2.0/24"]), { cni }))).not.toHaveProperty(path);
      expect(problemsOf(workers(behind([]), flannel))).not.toHaveProperty(path);
    });

    it("has workers of another architecture where everything is built for it", () => {
      expect(problemsOf(workers({ w1: { ...worker, arch: "arm64" } }))).toEqual({});
    });

    it("tells a stack with k3s where it has the address", () => {
      const agents = { w1: { ...worker, nodeAddress: "192.0.2.8" } };
      expect(problemsOf({ ...good, agents })).toEqual({
        "agents.w1.nodeAddress": "is for kubeadm: with k3s it is config.node-ip",
      });
    });
  });
});
