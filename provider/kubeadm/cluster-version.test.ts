import { expect, it } from "vitest";
import { configuredVersion, runningVersion } from "./cluster-version";

it("the version that kubeadm is told, and the one that the API server runs", () => {
  expect(configuredVersion("kind: ClusterConfiguration\nkubernetesVersion: v1.36.3\n")).toBe("v1.36.3");
  expect(configuredVersion("")).toBe("");
  expect(runningVersion("    image: 127.0.0.1:5000/kube-apiserver:v1.36.3\n    name: kube-apiserver\n")).toBe(
    "v1.36.3",
  );
  expect(runningVersion("    image: 127.0.0.1:5000/etcd:3.6.8-0\n")).toBeUndefined();
});
