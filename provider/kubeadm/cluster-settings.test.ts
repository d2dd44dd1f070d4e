import { expect, it } from "vitest";
import { configuredSettings, runningSettings } from "./cluster-settings";

const settings = {
  podSubnet: "10.244.0.0/16",
  serviceSubnet: "10.96.0.0/12",
  dnsDomain: "cluster.local",
  nodeName: "licheepi",
  nodeAddress: "192.0.2.7",
  criSocket: "unix:///run/containerd/containerd.sock",
};

it("the settings that kubeadm is told", () => {
  const config = `kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 192.0.2.7, bindPort: 6443 }
nodeRegistration: { name: licheepi, criSocket: "unix:///run/containerd/containerd.sock" }
---
kind: ClusterConfiguration
controlPlaneEndpoint: api.example:6443
networking: { podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12, dnsDomain: cluster.local }
`;
  expect(configuredSettings(config)).toEqual({ ...settings, controlPlaneEndpoint: "api.example:6443" });
});

it.each(["", "half: [", "- 1\n", "networking: 7\nnodeRegistration: { name: [] }\n"])("nothing in '%s'", (text) =>
  expect(configuredSettings(text)).toEqual({}),
);

const pod = (...flags: string[]) =>
  `spec:\n  containers:\n  - command:\n${flags.map((one) => `    - --${one}\n`).join("")}`;
const kubelet = "clusterDomain: cluster.local\ncontainerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n";

it("those that the static pods and kubelet run with", () => {
  const apiServer = pod("advertise-address=192.0.2.7", "service-cluster-ip-range=10.96.0.0/12");
  const controllerManager = pod("cluster-cidr=10.244.0.0/16", "cluster-name=kubernetes");
  const etcd = pod("initial-cluster=licheepi=https://192.0.2.7:2380", "name=licheepi");
  expect(runningSettings({ apiServer, controllerManager, etcd, kubelet })).toEqual(settings);
  for (const unread of ["", "half: [", "- 1\n"])
    expect(runningSettings({ apiServer: "", controllerManager: "", etcd: "", kubelet: unread })).toEqual({});
});

it("the domain is kubelet's, whatever issuer the API server has", () => {
  for (const issuer of ["https://issuer.example", "https://kubernetes.default.svc.home.lan"])
    expect(
      runningSettings({
        ...{ apiServer: pod(`service-account-issuer=${issuer}`), controllerManager: "", etcd: "" },
        kubelet,
      }).dnsDomain,
    ).toBe("cluster.local");
});
