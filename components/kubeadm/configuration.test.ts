import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { kubeadmConfig } from "./config";
import { type ConfigurationArgs, configurationVersion, kubeadmConfiguration } from "./configuration";
import { clusterDns, kubeletFlagsFile } from "./kubelet";

function args(section: object = {}): ConfigurationArgs {
  return {
    config: kubeadmConfig.parse({ version: "v1.36.3", ...section }),
    node: { name: "dev", address: "192.0.2.7" },
    imageRepository: "127.0.0.1:5000",
    corednsRepository: "127.0.0.1:5000/coredns",
    criSocket: "unix:///run/containerd/containerd.sock",
    certSANs: ["board.example"],
  };
}

type Document = Record<string, Record<string, unknown>>;

const documentsOf = (section: object = {}) => loadAll(kubeadmConfiguration(args(section))) as Document[];

describe("configurationVersion", () => {
  it.each([
    ["v1.30.14", "v1beta3"],
    ["v1.31.0", "v1beta4"],
    ["v1.36.3", "v1beta4"],
  ])("of %s is %s", (version, expected) => expect(configurationVersion(version)).toBe(expected));
});

describe("kubeadmConfiguration", () => {
  it("has all that kubeadm, kubelet and kube-proxy are told", () => {
    expect(kubeadmConfiguration(args({ apiServerArgs: { "audit-log-maxage": "7" } }))).toMatchInlineSnapshot(`
      "apiVersion: kubeadm.k8s.io/v1beta4
      kind: InitConfiguration
      bootstrapTokens:
        - ttl: 1m0s
          usages:
            - signing
            - authentication
      localAPIEndpoint:
        advertiseAddress: 192.0.2.7
        bindPort: 6443
      nodeRegistration:
        name: dev
        criSocket: unix:///run/containerd/containerd.sock
        taints: []
      timeouts:
        controlPlaneComponentHealthCheck: 900s
        kubernetesAPICall: 5m0s
      ---
      apiVersion: kubeadm.k8s.io/v1beta4
      kind: ClusterConfiguration
      kubernetesVersion: v1.36.3
      encryptionAlgorithm: ECDSA-P256
      imageRepository: 127.0.0.1:5000
      networking:
        podSubnet: 10.244.0.0/16
        serviceSubnet: 10.96.0.0/12
        dnsDomain: cluster.local
      apiServer:
        certSANs:
          - board.example
        extraArgs:
          - name: audit-log-maxage
            value: '7'
      controllerManager:
        extraArgs:
          - name: leader-elect-lease-duration
            value: 90s
          - name: leader-elect-renew-deadline
            value: 60s
          - name: leader-elect-retry-period
            value: 6s
          - name: node-monitor-grace-period
            value: 2m0s
      scheduler:
        extraArgs:
          - name: leader-elect-lease-duration
            value: 90s
          - name: leader-elect-renew-deadline
            value: 60s
          - name: leader-elect-retry-period
            value: 6s
      dns:
        imageRepository: 127.0.0.1:5000/coredns
        imageTag: v1.14.2
      etcd:
        local:
          dataDir: /var/lib/etcd
          imageTag: 3.6.8-0
          extraArgs:
            - name: election-timeout
              value: '5000'
            - name: heartbeat-interval
              value: '500'
      ---
      apiVersion: kubelet.config.k8s.io/v1beta1
      kind: KubeletConfiguration
      authentication:
        anonymous:
          enabled: false
        webhook:
          enabled: true
        x509:
          clientCAFile: /etc/kubernetes/pki/ca.crt
      authorization:
        mode: Webhook
      cgroupDriver: systemd
      clusterDNS:
        - 10.96.0.10
      clusterDomain: cluster.local
      containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
      healthzBindAddress: 127.0.0.1
      healthzPort: 10248
      nodeLeaseDurationSeconds: 120
      runtimeRequestTimeout: 10m0s
      rotateCertificates: true
      staticPodPath: /etc/kubernetes/manifests
      ---
      apiVersion: kubeproxy.config.k8s.io/v1alpha1
      kind: KubeProxyConfiguration
      clusterCIDR: 10.244.0.0/16
      "
    `);
  });

  it("writes flags as a map for v1beta3, and its time-out where that has it", () => {
    const [init, cluster] = documentsOf({
      version: "v1.30.14",
      source: { kind: "package" },
      apiServerArgs: { v: "2" },
      startTimeoutSeconds: 60,
    });
    expect(init).not.toHaveProperty("timeouts");
    expect(cluster?.apiServer).toMatchObject({ extraArgs: { v: "2" }, timeoutForControlPlane: "60s" });
  });

  it("leaves kubeadm its taint where the node is to keep it", () => {
    expect(documentsOf({ untaint: false })[0]?.nodeRegistration).not.toHaveProperty("taints");
    expect(documentsOf()[0]?.nodeRegistration).toMatchObject({ taints: [] });
  });

  it("matches kubelet's cgroup driver to the runtime's", () => {
    const [, , kubelet] = documentsOf({ runtime: { kind: "containerd", cgroupDriver: "cgroupfs" } });
    expect(kubelet?.cgroupDriver).toBe("cgroupfs");
  });

  it("puts the user's keys of kubelet and kube-proxy behind its own", () => {
    const [, , kubelet, proxy] = documentsOf({ kubelet: { maxPods: 20 }, kubeProxy: { mode: "nftables" } });
    expect(kubelet).toMatchObject({ maxPods: 20, clusterDNS: ["10.96.0.10"] });
    expect(proxy).toMatchObject({ mode: "nftables", clusterCIDR: "10.244.0.0/16" });
  });
});

describe("clusterDns", () => {
  it("is the tenth address of the services", () => expect(clusterDns("10.20.0.0/16")).toBe("10.20.0.10"));
});

describe("kubeletFlagsFile", () => {
  const node = { name: "dev", address: "192.0.2.7" };
  it("names the pause image only to a kubelet that has the flag", () => {
    const flags = (version: string) => kubeletFlagsFile({ version, node, pauseImage: "127.0.0.1:5000/pause:3.10" });
    expect(flags("v1.34.0")).toContain("--pod-infra-container-image=127.0.0.1:5000/pause:3.10");
    expect(flags("v1.36.3")).toBe('KUBELET_KUBEADM_ARGS="--hostname-override=dev --node-ip=192.0.2.7"\n');
  });
});
