import { describe, expect, it } from "vitest";
import { catalogue, entryOf, type DiagnosisId } from "../catalogue";
import { diagnose } from "../diagnose";
import { healthyKubeadm, kubeadmCases } from "../fixtures/kubeadm";
import { healthy, unitOf } from "../fixtures/healthy";
import { kubeadmFindings } from "./kubeadm";

const base = healthyKubeadm();

describe("a node of kubeadm", () => {
  it("has no finding where nothing is wrong", () => expect(diagnose(base)).toEqual([]));
  it("is not looked for on a board of k3s", () => expect(kubeadmFindings(healthy())).toEqual([]));

  it.each([
    ["its program and a runtime of the distribution's", []],
    ["what an earlier init left", ["admin.conf"]],
  ])("is not looked for on a board of k3s that has kubeadm as well: %s", (_title, kubeconfigs) => {
    const listeners = [6443, 10250, 10257, 10259].map((port) => ({ port, program: "k3s-server" }));
    const units = [unitOf(), unitOf({ name: "containerd.service", active: "inactive" })];
    const kubeadm = { ...base.kubeadm!, kubeconfigs, listeners, files: [] };
    expect(diagnose({ ...healthy(), units, kubeadm })).toEqual([]);
  });

  it("does not mind a cri-dockerd that its kubelet does not ask", () => {
    const config = "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n";
    const files = [{ path: "/var/lib/kubelet/config.yaml", text: config, mtime: 0, size: config.length }];
    const stopped = (base.units ?? []).map((unit) =>
      unit.name === "kubelet.service" ? unit : { ...unit, active: "inactive" },
    );
    const kubeadm = { ...base.kubeadm!, files };
    expect(diagnose({ ...base, units: stopped, kubeadm })).toEqual([]);
    const journal = { "cri-docker": ["networking managed by network plugin kubernetes.io/no-op"] };
    expect(diagnose({ ...base, journal, kubeadm })).toEqual([]);
  });

  describe("certificates", () => {
    const day = 86_400;
    const ending = (name: string, days: number) => ({
      path: `/etc/kubernetes/pki/${name}.crt`,
      subject: `CN=${name}`,
      notBefore: 0,
      notAfter: base.at + days * day,
    });
    const found = (...certificates: readonly ReturnType<typeof ending>[]) =>
      diagnose({ ...base, certificates: [...certificates] }).map(({ id, remedy }) => `${id}: ${remedy.slice(0, 23)}`);

    it("are renewed by kubeadm", () => {
      expect(found(ending("apiserver", -1))).toEqual(["certificate-expired: kubeadm certs renew all"]);
      expect(found(ending("apiserver", 20))).toEqual(["certificate-expiring: kubeadm certs renew all"]);
      expect(found(ending("apiserver", 40), ending("ca", 20), ending("front-proxy-ca", 20))).toEqual([]);
    });
    it("but not its CAs, which make what they have signed invalid too", () => {
      expect(found(ending("apiserver", -1), ending("ca", -1))).toEqual(["kubeadm-ca-expired: kubeadm certs renew lea"]);
      expect(found(ending("front-proxy-ca", -1))).toEqual(["kubeadm-ca-expired: kubeadm certs renew lea"]);
    });
    it("that lie on a board of k3s are nobody's", () => {
      const facts = { ...healthy(), kubeadm: { ...base.kubeadm!, kubeconfigs: [] } };
      expect(diagnose({ ...facts, certificates: [ending("apiserver", -1)] })).toEqual([]);
    });
  });

  it("does not need k3s's policy of SELinux", () => {
    const security = { selinuxEnforcing: true, selinuxPolicy: false, firewalld: false, trustedSources: [] };
    expect(diagnose({ ...base, security })).toEqual([]);
  });

  it("is not told to mend anything with what only k3s has", () => {
    const onlyOfK3s = ["mirror-key-differs", "token-mismatch"];
    const named = (Object.keys(catalogue) as DiagnosisId[]).filter((id) => {
      const { remedy, kubeadmRemedy = remedy } = entryOf(id);
      return /k3s (ctr|crictl|certificate|token)|restart k3s|rancher|agent\/images|k3s\.config/.test(kubeadmRemedy);
    });
    expect(named.toSorted()).toEqual(onlyOfK3s);
  });

  it("does not mind swap that its kubelet bears", () => {
    const storage = { ...base.storage!, swaps: ["/dev/zram0"] };
    expect(diagnose({ ...base, storage })).toEqual([]);
  });

  it.each(kubeadmCases)("%s: %s is found, alone", (_what, id, changes) => {
    expect(diagnose({ ...base, ...changes }).map((found) => found.id)).toEqual([id]);
  });

  it("names Docker's network and the pods in it", () => {
    const [, , changes] = kubeadmCases[0] ?? [];
    const [found] = diagnose({ ...base, ...changes });
    expect(found?.sentence).toContain("pods are in Docker's own network (172.17.0.0/16) and not in the cluster's");
    expect(found?.evidence).toContain("pod kube-system/coredns-54996dc9b4-h4fw8: 172.17.0.3");
    expect(found?.hangs).toEqual(["Deployment coredns → pod kube-system/coredns-54996dc9b4-h4fw8"]);
  });

  it("does not mind a driver that kubelet has from the runtime", () => {
    const journal = {
      kubelet: ['I1128 "Using cgroup driver setting received from the CRI runtime" cgroupDriver="cgroupfs"'],
    };
    const docker = { version: "20.10", cgroupDriver: "cgroupfs", bridge: "", images: [] };
    expect(diagnose({ ...base, journal, kubeadm: { ...base.kubeadm!, docker } })).toEqual([]);
  });

  describe("whose Docker does not say its cgroup driver", () => {
    const evidenceOf = (daemonJson: string, docker: (typeof base.kubeadm & object)["docker"]) => {
      const file = { path: "/etc/docker/daemon.json", text: daemonJson, mtime: 0, size: daemonJson.length };
      const kubeadm = { ...base.kubeadm!, docker, files: [...base.kubeadm!.files, file] };
      return diagnose({ ...base, kubeadm }).flatMap(({ evidence }) => evidence);
    };
    const silent = (daemonJson: string) => evidenceOf(daemonJson, undefined);

    it("has the one of its file", () => {
      expect(silent('{"exec-opts": ["native.cgroupdriver=cgroupfs"]}')).toEqual([
        "/var/lib/kubelet/config.yaml: cgroupDriver: systemd",
        "exec-opts in /etc/docker/daemon.json: cgroupfs",
      ]);
      expect(silent('{"exec-opts": ["native.cgroupdriver=systemd"]}')).toEqual([]);
    });
    it.each(["", "{", "[]", "{}", '{"exec-opts": []}', '{"exec-opts": "x"}'])("is not judged by %j", (text) =>
      expect(silent(text)).toEqual([]),
    );
    it("is believed before its file", () => {
      const text = '{"exec-opts": ["native.cgroupdriver=cgroupfs"]}';
      expect(evidenceOf(text, base.kubeadm!.docker)).toEqual([]);
    });
  });

  it("tells a runtime that stopped as the reason for kubelet and its pods", () => {
    const down = { active: "failed", sub: "failed", result: "exit-code", exitStatus: 1 } as const;
    const units = (base.units ?? []).map((unit) => (unit.name === "docker.service" ? unit : { ...unit, ...down }));
    const found = diagnose({ ...base, units, pods: (base.pods ?? []).map((pod) => ({ ...pod, ready: false })) });
    expect(found.map(({ id }) => id)).toEqual(["runtime-down"]);
    expect(found[0]?.hangs).toContain("Deployment coredns → pod kube-system/coredns-54996dc9b4-h4fw8");
  });

  it.each([
    ["there is nothing of one", []],
    ["a worker is about to join", ["bootstrap-kubelet.conf"]],
  ])("waits for a cluster before it minds that kubelet restarts: %s", (_title, kubeconfigs) => {
    const units = (base.units ?? []).map((unit) =>
      unit.name === "kubelet.service" ? { ...unit, active: "activating", sub: "auto-restart" } : unit,
    );
    const kubeadm = { ...base.kubeadm!, kubeconfigs, manifests: [], etcdData: false, listeners: [] };
    expect(diagnose({ ...base, units, kubeadm, nodes: undefined, pods: undefined })).toEqual([]);
  });
});
