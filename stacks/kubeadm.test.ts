import { describe, expect, it } from "vitest";
import {
  before,
  boardHasFiles,
  boardSays,
  deployKubeadm,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  k3s,
  registered,
  secrets,
} from "./mocked-engine";

describe("a kubeadm stack", () => {
  it("registers a component per domain and the resources in it", async () => {
    await deployKubeadm();
    expect(registered.map(({ type, name, parent }) => `${parent} > ${name} (${type})`).sort()).toMatchInlineSnapshot(`
      [
        " > image (k3s-board:images:RegistryImages)",
        " > kubeadm (k3s-board:kubeadm:KubeadmServer)",
        " > kubeconfig (board:index:Kubeconfig)",
        " > ready (board:index:ClusterReadiness)",
        " > registry (k3s-board:registry:Registry)",
        "image > registry.k8s.io/coredns/coredns:v1.14.2 (board:index:RegistryImage)",
        "image > registry.k8s.io/etcd:3.6.8-0 (board:index:RegistryImage)",
        "image > registry.k8s.io/kube-apiserver:v1.36.3 (board:index:RegistryImage)",
        "image > registry.k8s.io/kube-controller-manager:v1.36.3 (board:index:RegistryImage)",
        "image > registry.k8s.io/kube-proxy:v1.36.3 (board:index:RegistryImage)",
        "image > registry.k8s.io/kube-scheduler:v1.36.3 (board:index:RegistryImage)",
        "image > registry.k8s.io/pause:3.10.2 (board:index:RegistryImage)",
        "kubeadm > kubeadm-cluster (board:index:KubeadmCluster)",
        "kubeadm > kubeadm-cni (board:index:File)",
        "kubeadm > kubeadm-cni-bandwidth (board:index:File)",
        "kubeadm > kubeadm-cni-bridge (board:index:File)",
        "kubeadm > kubeadm-cni-host-local (board:index:File)",
        "kubeadm > kubeadm-cni-loopback (board:index:File)",
        "kubeadm > kubeadm-cni-portmap (board:index:File)",
        "kubeadm > kubeadm-containerd (board:index:SystemdService)",
        "kubeadm > kubeadm-containerd-shim-runc-v2 (board:index:File)",
        "kubeadm > kubeadm-control-plane (board:index:KubeadmControlPlane)",
        "kubeadm > kubeadm-ctr (board:index:File)",
        "kubeadm > kubeadm-data (board:index:KubeadmData)",
        "kubeadm > kubeadm-kubeadm (board:index:File)",
        "kubeadm > kubeadm-kubectl (board:index:File)",
        "kubeadm > kubeadm-kubelet (board:index:SystemdService)",
        "kubeadm > kubeadm-mirror-127.0.0.1:5000 (board:index:File)",
        "kubeadm > kubeadm-mirror-registry.k8s.io (board:index:File)",
        "kubeadm > kubeadm-package-runc (board:index:Package)",
        "registry > registry-binary (board:index:File)",
        "registry > registry-service (board:index:SystemdService)",
      ]
    `);
  });

  it("orders them: registry, images, programs, containerd, control plane, kubelet, cluster, gate, kubeconfig", async () => {
    await deployKubeadm();
    const order = [
      "registry-service",
      "registry.k8s.io/etcd:3.6.8-0",
      "kubeadm-data",
      "kubeadm-cni-bridge",
      "kubeadm-containerd",
      "kubeadm-control-plane",
      "kubeadm-kubelet",
      "kubeadm-cluster",
      "ready",
      "kubeconfig",
    ];
    order.forEach((name, index) => expect([...before(name)]).toEqual(expect.arrayContaining(order.slice(0, index))));
  });

  it("takes the control plane's images, the pod sandbox's among them, from the private registry", async () => {
    await deployKubeadm();
    expect(find("kubeadm-control-plane")?.inputs.config).toMatch(/imageRepository: 127\.0\.0\.1:5000\n/);
    expect(fileOf("kubeadm-containerd", "/etc/containerd/config.toml")).toMatch(
      /sandbox = "127\.0\.0\.1:5000\/pause:3\.10\.2"/,
    );
    expect(find("kubeadm-mirror-127.0.0.1:5000")?.inputs).toMatchObject({
      path: "/etc/containerd/certs.d/127.0.0.1:5000/hosts.toml",
    });
  });

  describe("with images of another repository", () => {
    const imageRepository = "registry.aliyuncs.com/google_containers";

    it("has kubeadm take them from there as it does itself, and pushes none", async () => {
      await deployKubeadm({ imageRepository });
      expect(find("kubeadm-control-plane")?.inputs.config).toMatch(
        /dns:\n {2}imageRepository: registry\.aliyuncs\.com\/google_containers\n/,
      );
      expect(fileOf("kubeadm-containerd", "/etc/containerd/config.toml")).toContain(
        'sandbox = "registry.aliyuncs.com/google_containers/pause:3.10.2"',
      );
      expect(registered.filter(({ type }) => type === "board:index:RegistryImage")).toEqual([]);
    });

    it("looks at those that the board is to pull", async () => {
      await expect(deployKubeadm({ imageRepository: "registry.example/k8s" })).rejects.toThrow(
        /7 images cannot be had[^]*registry\.example\/k8s\/coredns:v1\.14\.2/,
      );
      expect(registered).toEqual([]);
    });

    it("pushes one that the configuration makes, and has containerd find it", async () => {
      const name = `${imageRepository}/pause:3.10.2`;
      await deployKubeadm({ imageRepository }, { images: { [name]: { kind: "pause" } } });
      const pushed = registered.filter(({ type }) => type === "board:index:RegistryImage");
      expect(pushed.map((one) => one.name)).toEqual([name]);
      expect(find("kubeadm-mirror-registry.aliyuncs.com")).toBeDefined();
    });

    it("pushes upstream's where containerd asks for them by their own names, and none where Docker does", async () => {
      await deployKubeadm({ imageRepository: "registry.k8s.io" });
      expect(find("kubeadm-control-plane")?.inputs.config).toMatch(/imageRepository: registry\.k8s\.io\/coredns\n/);
      expect(find("registry.k8s.io/etcd:3.6.8-0")).toBeDefined();
      const runtime = { kind: "cri-dockerd", source: { kind: "path", path: k3s } };
      await expect(deployKubeadm({ imageRepository: "registry.k8s.io", runtime })).rejects.toThrow(
        /registry\.k8s\.io\/coredns\/coredns:v1\.14\.2: /,
      );
    });
  });

  it("gives the API server's certificate every name that it is reached by", async () => {
    await deployKubeadm({ certSANs: ["api.example"], kubeconfigServer: "https://127.0.0.1:16443" });
    expect(find("kubeadm-control-plane")?.inputs.config).toMatch(
      /certSANs:\n\s+- 127\.0\.0\.1\n\s+- api\.example\n\s+- board\.example\n/,
    );
  });

  it("writes the board's name into it in small letters: kubeadm takes no others", async () => {
    await deployKubeadm({}, { board: { ...good.board, host: "Board.example" } });
    expect(find("kubeadm-control-plane")?.inputs.config).toMatch(/certSANs:\n\s+- board\.example\n/);
  });

  it("takes a board at an address of IPv6", async () => {
    await deployKubeadm({}, { board: { ...good.board, host: "2001:db8::7" } });
    expect(find("kubeadm-control-plane")?.inputs.config).toMatch(/certSANs:\n\s+- '?2001:db8::7'?\n/);
    expect(find("kubeconfig")?.inputs.server).toBe("https://[2001:db8::7]:6443");
  });

  it("keeps the taint of a control plane where the node is not to run ordinary pods", async () => {
    await deployKubeadm({ untaint: false });
    expect(find("kubeadm-cluster")?.inputs.taints).toEqual(["node-role.kubernetes.io/control-plane:NoSchedule"]);
  });

  it("restarts the distribution's containerd when its package changes", async () => {
    await deployKubeadm({ runtime: { kind: "containerd", source: { kind: "package" } } });
    const { inputs } = find("kubeadm-containerd") ?? {};
    expect(inputs).toMatchObject({ restartTriggers: { packages: expect.anything() as unknown } });
    expect(inputs).not.toHaveProperty("unit");
    expect(find("kubeadm-package-containerd")).toBeDefined();
  });

  it("writes its CNI plugins over those that kubelet's package brings along, and not before them", async () => {
    await deployKubeadm({ source: { kind: "package" } });
    const packages = ["kubeadm", "kubelet", "kubectl", "runc"].map((one) => `kubeadm-package-${one}`);
    for (const file of ["kubeadm-cni-bridge", "kubeadm-cni-loopback", "kubeadm-cni"])
      expect([...before(file)]).toEqual(expect.arrayContaining(packages));
  });

  it.each([
    ["systemd-resolved's own", {}, /^resolvConf: \/run\/systemd\/resolve\/resolv\.conf$/m],
    ["those that the configuration names", { resolvConf: "/etc/pods.conf" }, /^resolvConf: \/etc\/pods\.conf$/m],
  ])("gives pods the nameservers of a board with systemd-resolved: %s", async (_whose, kubelet, line) => {
    boardHasFiles({ "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.1\n" });
    await deployKubeadm({ kubelet });
    expect(fileOf("kubeadm-kubelet", "/var/lib/kubelet/config.yaml")).toMatch(line);
  });

  it("leaves kubelet its own where there is none", async () => {
    await deployKubeadm();
    expect(fileOf("kubeadm-kubelet", "/var/lib/kubelet/config.yaml")).not.toMatch(/resolvConf/);
  });

  it("needs to know the node's address where the board does not tell it", async () => {
    boardSays({ ...healthy, address: "" });
    await expect(deployKubeadm()).rejects.toThrow(/kubeadm\.nodeAddress: is needed/);
    expect(registered).toEqual([]);
  });

  it("says that a registry's certificate is not there before anything is touched", async () => {
    const registry = { kind: "external", url: "https://registry.example:5000", ca: "/nonexistent.pem" };
    await expect(deployKubeadm({}, { registry })).rejects.toThrow("registry.ca: cannot be read: ENOENT");
    expect(registered).toEqual([]);
  });

  it("needs a name for the node where the board's is none that a node can have", async () => {
    boardSays({ ...healthy, hostname: "my_board" });
    await expect(deployKubeadm()).rejects.toThrow(/kubeadm\.nodeName: is needed: .*my_board/);
    expect(registered).toEqual([]);
    await deployKubeadm({ nodeName: "my-board" });
    expect(find("kubeadm-control-plane")?.inputs.node).toBe("my-board");
  });

  describe("with another version than the cluster has", () => {
    const madeHere = {
      "/var/lib/k3s-board/kubeadm-init": "",
      "/etc/kubernetes/kubeadm.yaml": "kind: ClusterConfiguration\nkubernetesVersion: v1.35.0\n",
      "/etc/kubernetes/manifests/kube-apiserver.yaml": "    image: 127.0.0.1:5000/kube-apiserver:v1.35.0\n",
    };

    it("is refused before anything is registered, and so before programs are replaced", async () => {
      boardHasFiles(madeHere);
      await expect(deployKubeadm()).rejects.toThrow(
        /kubeadm\.version: the cluster has Kubernetes v1\.35\.0, and upgrades are not supported: set it to v1\.35\.0, or/,
      );
      expect(registered).toEqual([]);
    });

    it.each(Object.keys(madeHere))("goes on where there is none, or none of ours: without %s", async (path) => {
      boardHasFiles(Object.fromEntries(Object.entries(madeHere).filter(([one]) => one !== path)));
      await deployKubeadm();
      expect(find("kubeadm-control-plane")).toBeDefined();
    });

    it.each(Object.keys(madeHere).slice(1))("is mended where only a hand has written it into %s", async (path) => {
      const files = Object.entries(madeHere).map(([one, text]) => [
        one,
        one === path ? text : text.replace("1.35.0", "1.36.3"),
      ]);
      boardHasFiles(Object.fromEntries(files) as Record<string, string>);
      await deployKubeadm();
      expect(find("kubeadm-control-plane")).toBeDefined();
    });
  });

  it("registers no secret in clear", async () => {
    await deployKubeadm();
    for (const { inputs } of registered)
      for (const secret of Object.values(secrets)) expect(JSON.stringify(inClear(inputs))).not.toContain(secret);
  });
});
