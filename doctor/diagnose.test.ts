import { describe, expect, it } from "vitest";
import { catalogue, entryOf, type DiagnosisId } from "./catalogue";
import { diagnose } from "./diagnose";
import type { Facts } from "./facts";
import { healthy, podOf, unitOf, waitingPod } from "./fixtures/healthy";
import { kubeadmCases } from "./fixtures/kubeadm";

const ids = (facts: Facts) => diagnose(facts).map(({ id }) => id);
const base = healthy();
const started = unitOf().started ?? 0;
const pull = (image: string, why: string) =>
  waitingPod(
    "ErrImagePull",
    `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`,
    { image },
  );
const request = (registry: string, why: string) =>
  `failed to do request: Head "https://${registry}/v2/a/b/manifests/1": ${why}`;
const file = (path: string, text: string, mtime = started - 100) => ({ path, text, mtime, size: text.length });
const k3s = (changes: Partial<NonNullable<Facts["k3s"]>>): Partial<Facts> => ({
  k3s: { version: "v1.36.3+k3s1", role: "server", files: [], containerdFiles: [], dataFiles: [], ...changes },
});
const node = (changes: Partial<NonNullable<Facts["nodes"]>[number]>): Partial<Facts> => ({
  nodes: (base.nodes ?? []).map((one) => ({ ...one, ...changes })),
});
const notReady = (message: string) =>
  node({ conditions: [{ type: "Ready", status: "False", reason: "KubeletNotReady", message }] });
const dnsPod = { ...podOf(), ready: false, statuses: [{ ...podOf().statuses[0]!, ready: false }] };
const dnsLog = (line: string): Partial<Facts> => ({
  pods: [dnsPod],
  podLogs: [{ container: `kube-system_${dnsPod.name}_${dnsPod.uid}/coredns/0.log`, line }],
});
const dead = (journal: string): Partial<Facts> => ({
  units: [unitOf({ active: "activating", sub: "auto-restart", result: "exit-code", exitStatus: 1, restarts: 7 })],
  journal: { k3s: [journal] },
});

/** Facts made by hand: a healthy board with one thing changed, and the one finding that it must give. */
const cases: readonly (readonly [DiagnosisId, Partial<Facts>])[] = [
  ["image-no-platform", { pods: [pull("docker.io/a/b:1", "no match for platform in manifest sha256:ab: not found")] }],
  [
    "image-wrong-architecture",
    {
      pods: [waitingPod("CreateContainerError", "parent snapshot does not exist", { image: "a/b:1" })],
      images: [{ name: "docker.io/a/b:1", digest: "sha256:1", pinned: false, platforms: ["linux/amd64"] }],
    },
  ],
  [
    "image-without-domain",
    {
      pods: [waitingPod("ErrImageNeverPull", "is not present with pull policy of Never", { image: "rancher/b:1" })],
      images: [{ name: "rancher/b:1", digest: "sha256:1", pinned: false, platforms: ["linux/riscv64"] }],
    },
  ],
  [
    "image-collected",
    {
      pods: [waitingPod("ErrImageNeverPull", "is not present with pull policy of Never", { image: "rancher/b:1" })],
      events: [
        {
          kind: "Pod",
          namespace: "kube-system",
          name: "x",
          type: "Normal",
          reason: "Pulled",
          message: 'Container image "rancher/b:1" already present on machine',
          count: 1,
          at: started,
        },
      ],
      journal: {
        k3s: ['I1121 08:40:00 image_gc_manager.go:447] "Removing image to free bytes" imageID="sha256:1" size=1'],
      },
    },
  ],
  ["image-not-in-registry", { pods: [pull("docker.io/a/b:1", "docker.io/a/b:1: not found")] }],
  [
    "registry-unreachable",
    {
      pods: [
        pull("10.0.0.5:5000/a/b:1", request("10.0.0.5:5000", "dial tcp 10.0.0.5:5000: connect: connection refused")),
      ],
    },
  ],
  [
    "registry-unauthorized",
    {
      pods: [
        pull(
          "10.0.0.5:5000/a/b:1",
          "unexpected status from HEAD request to https://10.0.0.5:5000/v2/a/b/manifests/1: 401 Unauthorized",
        ),
      ],
    },
  ],
  [
    "image-unknown-or-private",
    {
      pods: [
        pull(
          "docker.io/a/b:1",
          "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope",
        ),
      ],
    },
  ],
  [
    "registry-speaks-http",
    {
      pods: [pull("10.0.0.5:5000/a/b:1", request("10.0.0.5:5000", "http: server gave HTTP response to HTTPS client"))],
    },
  ],
  [
    "registry-certificate",
    {
      pods: [
        pull(
          "r.lan/a/b:1",
          request("r.lan", "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
        ),
      ],
    },
  ],
  [
    "mirror-not-loaded",
    k3s({
      files: [
        file(
          "/etc/rancher/k3s/registries.yaml",
          "mirrors:\n  ghcr.io:\n    endpoint: [http://127.0.0.1:5000]\n",
          started + 60,
        ),
      ],
    }),
  ],
  ["manifest-edited", k3s({ dataFiles: [{ path: "server/manifests/coredns.yaml", mtime: started + 3000, size: 1 }] })],
  [
    "manifest-disabled",
    {
      ...k3s({ dataFiles: [{ path: "server/manifests/coredns.yaml", mtime: started + 3000, size: 1 }] }),
      units: [unitOf({ command: ["/usr/local/bin/k3s", "server", "--disable=coredns,local-storage"] })],
    },
  ],
  [
    "dns-api-unreachable",
    dnsLog("[ERROR] plugin/kubernetes: Failed to watch: dial tcp 10.43.0.1:443: connect: no route to host"),
  ],
  [
    "dns-loop",
    {
      ...dnsLog('[FATAL] plugin/loop: Loop (127.0.0.1:42 -> :53) detected for zone "."'),
      network: { resolvConf: ["nameserver 127.0.0.53"], upstreamResolvConf: [], routes: [], addresses: [] },
    },
  ],
  [
    "dns-upstream",
    {
      podLogs: [
        {
          container: "kube-system_coredns-x_u/coredns/0.log",
          line: "[ERROR] plugin/errors: 2 a. A: read udp 10.42.0.2:41->10.0.2.3:53: i/o timeout",
        },
      ],
    },
  ],
  ["dns-corefile", dnsLog("/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'forwrad'")],
  [
    "dns-node-hosts",
    {
      pods: [{ ...dnsPod, phase: "Pending", statuses: [] }],
      events: [
        {
          kind: "Pod",
          namespace: dnsPod.namespace,
          name: dnsPod.name,
          type: "Warning",
          reason: "FailedMount",
          message:
            'MountVolume.SetUp failed for volume "config-volume" : configmap references non-existent config key: NodeHosts',
          count: 3,
          at: started,
        },
      ],
    },
  ],
  [
    "cni-missing",
    notReady(
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    ),
  ],
  ["iptables-missing", { iptables: undefined, unseen: [{ what: "iptables", why: "there is no iptables-save" }] }],
  // kubelet's own chains say nothing of kube-proxy
  ["kube-proxy-rules-missing", { iptables: { chains: ["INPUT", "KUBE-FIREWALL", "KUBE-KUBELET-CANARY"], rules: [] } }],
  [
    "kernel-without-match",
    {
      journal: {
        k3s: [
          "E1121 proxier.go:1 iptables-restore: Warning: Extension comment revision 0 not supported, missing kernel module?",
        ],
      },
    },
  ],
  [
    "firewalld-active",
    { security: { selinuxEnforcing: false, selinuxPolicy: false, firewalld: true, trustedSources: [] } },
  ],
  [
    "selinux-without-policy",
    { security: { selinuxEnforcing: true, selinuxPolicy: false, firewalld: false, trustedSources: [] } },
  ],
  ["memory-cgroup-off", { host: { ...base.host!, cgroupControllers: ["cpu", "pids"] } }],
  ["swap-on", { storage: { ...base.storage!, swaps: ["/swapfile"] } }],
  ["disk-full", { storage: { ...base.storage!, disks: [{ mount: "/", usedPercent: 100, availableBytes: 0 }] } }],
  [
    "inodes-full",
    {
      storage: {
        ...base.storage!,
        disks: [{ mount: "/", usedPercent: 4, availableBytes: 9e9, inodesUsedPercent: 100 }],
      },
    },
  ],
  [
    "disk-pressure",
    node({
      conditions: [
        {
          type: "DiskPressure",
          status: "True",
          reason: "KubeletHasDiskPressure",
          message: "kubelet has disk pressure",
        },
        { type: "Ready", status: "True", reason: "KubeletReady", message: "" },
      ],
    }),
  ],
  ["clock-skew", { storage: { ...base.storage!, now: 86400 * 365 } }],
  [
    "certificate-expired",
    { certificates: [{ path: "/a.crt", subject: "CN=a", notBefore: 0, notAfter: base.at - 10 }] },
  ],
  [
    "certificate-expiring",
    { certificates: [{ path: "/a.crt", subject: "CN=a", notBefore: 0, notAfter: base.at + 86400 * 119 }] },
  ],
  [
    "certificate-not-yet-valid",
    { certificates: [{ path: "/a.crt", subject: "CN=a", notBefore: base.at + 99, notAfter: base.at + 999 }] },
  ],
  [
    "token-mismatch",
    dead('level=fatal msg="starting kubernetes: bootstrap data already found and encrypted with different token"'),
  ],
  ["version-skew", node({ kubelet: "v1.37.1+k3s1" })],
  ["config-not-running", k3s({ files: [file("/etc/rancher/k3s/config.yaml", "debug: true\n", started + 60)] })],
  ["unit-not-reloaded", { units: [unitOf({ needsDaemonReload: true })] }],
  ["config-unknown-key", k3s({ files: [file("/etc/rancher/k3s/config.yaml", "disabel: traefik\n")] })],
  [
    "k3s-down",
    { ...dead('level=fatal msg="listen tcp :6443: bind: address already in use"'), nodes: undefined, pods: undefined },
  ],
  ["k3s-missing", { units: [], k3s: undefined, nodes: undefined, pods: undefined }],
  [
    "containerd-down",
    { sandboxes: undefined, unseen: [{ what: "sandboxes", why: "no answer within 12 s", silent: true }] },
  ],
  ["node-not-ready", notReady("PLEG is not healthy")],
  ["pod-not-ready", { pods: [dnsPod] }],
];

describe("facts made by hand", () => {
  it("a healthy board has no finding", () => expect(diagnose(base)).toEqual([]));

  it.each(cases)("%s is found, alone", (id, changes) => {
    expect(ids({ ...base, ...changes })).toEqual([id]);
  });
  it("a mirror under a key without the port explains why its images are not found there", () => {
    const found = diagnose({
      ...base,
      ...k3s({
        files: [
          file("/etc/rancher/k3s/registries.yaml", "mirrors:\n  10.0.0.5:\n    endpoint: [http://10.0.0.5:5000]\n"),
        ],
      }),
      pods: [pull("10.0.0.5:5000/a/b:1", request("10.0.0.5:5000", "http: server gave HTTP response to HTTPS client"))],
    });
    expect(found.map(({ id }) => id)).toEqual(["mirror-key-differs"]);
    expect(found[0]?.hangs.some((line) => line.includes("speaks http"))).toBe(true);
  });
  it("swap keeps nothing of k3s from running", () => {
    const [found] = diagnose({ ...base, storage: { ...base.storage!, swaps: ["/dev/zram0"] } });
    expect(found?.severity).toBe("note");
  });
  it("what CoreDNS said long ago is over", () => {
    const said = (secondsAgo: number) => {
      const written = new Date((base.at - secondsAgo) * 1000).toISOString();
      const line = `${written} stdout F [ERROR] plugin/errors: 2 a. A: read udp 10.42.0.2:41->10.0.2.3:53: i/o timeout`;
      return ids({ ...base, podLogs: [{ container: "kube-system_coredns-x_u/coredns/0.log", line }] });
    };
    expect(said(60)).toEqual(["dns-upstream"]);
    expect(said(3600)).toEqual([]);
  });
  it("every diagnosis is provoked by a capture or by hand", () => {
    const provoked = new Set<string>([
      ...cases.map(([id]) => id),
      ...kubeadmCases.map(([, id]) => id),
      "registry-unresolved",
      "pause-missing",
      "pause-wrong-architecture",
      "pause-elf-differs",
      "image-elf-differs",
      "executable-not-found",
      "image-not-on-board",
      "mirror-key-differs",
    ]);
    expect(Object.keys(catalogue).filter((id) => !provoked.has(id))).toEqual([]);
  });
});

describe("chains", () => {
  it("a full disk explains the service that stopped and the pods", () => {
    const found = diagnose({
      ...base,
      ...dead("no space left on device"),
      storage: { ...base.storage!, disks: [{ mount: "/", usedPercent: 100, availableBytes: 0 }] },
      pods: [dnsPod],
    });
    expect(found.map(({ id }) => id)).toEqual(["disk-full"]);
    expect(found[0]?.hangs.some((line) => line.startsWith("k3s does not run"))).toBe(true);
    expect(found[0]?.hangs.at(-1)).toBe(`Deployment coredns → pod kube-system/${dnsPod.name}`);
  });
  it("goes from the HelmChart to the image", () => {
    const pod = {
      ...pull("docker.io/rancher/klipper-helm:v0.9", "no match for platform in manifest"),
      name: "helm-install-traefik-x",
      owner: "Job helm-install-traefik",
      chart: "traefik",
    };
    const [found] = diagnose({ ...base, pods: [pod] });
    expect(found?.hangs).toEqual([
      "HelmChart traefik → Job helm-install-traefik → pod kube-system/helm-install-traefik-x",
    ]);
  });
  it.each([
    ["failed to create shim task: ttrpc: closed", 2, "pause-elf-differs"],
    [
      "unable to create new parent process: namespace path: lstat /proc/40828/ns/ipc: no such file or directory",
      2,
      "pause-elf-differs",
    ],
    ["failed to create shim task: ttrpc: closed", 1, "pod-not-ready"],
  ] as const)("a container that loses its sandbox (%s), %i times: %s", (message, times, expected) => {
    const pod = waitingPod("CrashLoopBackOff", `StartError: ${message}`);
    const sandbox = { namespace: pod.namespace, name: pod.name, uid: pod.uid, ready: false };
    const sandboxes = Array.from({ length: times }, (_, attempt) => ({ ...sandbox, id: `s${attempt}`, attempt }));
    expect(diagnose({ ...base, pods: [pod], sandboxes }).map(({ id }) => id)).toEqual([expected]);
  });
  it.each([
    ["ReplicaSet hello-5b6b", []],
    ["Job helm-install-traefik", ["pod-not-ready"]],
    [undefined, ["pod-not-ready"]],
  ] as const)("a pod that failed (of %s) is a record where another takes its place", (owner, expected) => {
    const { owner: _owner, ...evicted } = { ...podOf(), ready: false, phase: "Failed", statuses: [] };
    const pod = owner === undefined ? evicted : { ...evicted, owner };
    expect(diagnose({ ...base, pods: [pod] }).map(({ id }) => id)).toEqual(expected);
  });
  it("a pod whose probe fails has the probe's words as evidence", () => {
    const { namespace, name } = dnsPod;
    const event = { kind: "Pod", namespace, name, type: "Warning", count: 1, at: started };
    const [found] = diagnose({
      ...base,
      pods: [dnsPod],
      events: [
        { ...event, reason: "Unhealthy", message: "Readiness probe failed: connection refused" },
        { ...event, name: "another", reason: "BackOff", message: "of another pod" },
      ],
    });
    expect(found?.evidence).toEqual(["Unhealthy: Readiness probe failed: connection refused"]);
  });
  it("every cause is a diagnosis, and none is its own cause", () => {
    const names = Object.keys(catalogue) as DiagnosisId[];
    const causesOf = (id: DiagnosisId): readonly string[] => entryOf(id).because ?? [];
    expect(names.flatMap(causesOf).filter((cause) => !(cause in catalogue))).toEqual([]);
    const reaches = (from: DiagnosisId, to: DiagnosisId, passed: readonly string[] = []): boolean =>
      causesOf(from).some(
        (cause) => cause === to || (!passed.includes(cause) && reaches(cause as DiagnosisId, to, [...passed, cause])),
      );
    expect(names.filter((id) => reaches(id, id))).toEqual([]);
  });
});
