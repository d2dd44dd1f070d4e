import { describe, expect, it } from "vitest";
import { namesIn, systemNames } from "./image-names";

const coredns = `
      containers:
      - name: coredns
        image: "%{SYSTEM_DEFAULT_REGISTRY}%rancher/mirrored-coredns-coredns:1.14.6"
        imagePullPolicy: IfNotPresent
`;
const storage = `
        image: rancher/local-path-provisioner:v0.0.36
  helperPod.yaml: |-
      containers:
      - name: helper-pod
        image: "docker.io/busybox:1.37.0"
`;
const traefik = `
    image:
      repository: "rancher/mirrored-library-traefik"
      tag: "3.7.8"
`;

describe("systemNames of manifests", () => {
  it("reads names with and without k3s's placeholder, in config maps and in chart values", () => {
    expect(systemNames(namesIn([coredns, storage, traefik].join("\n")))).toEqual({
      coredns: "docker.io/rancher/mirrored-coredns-coredns:1.14.6",
      "local-path-provisioner": "docker.io/rancher/local-path-provisioner:v0.0.36",
      busybox: "docker.io/library/busybox:1.37.0",
      traefik: "docker.io/rancher/mirrored-library-traefik:3.7.8",
    });
  });
});

describe("namesIn", () => {
  it("cuts names out of a program's strings, which have no end", () => {
    const strings = "networking.k8s.io/v1beta1rancher/klipper-lb:v0.4.17rancher/mirrored-pause:3.10.2reading config";
    expect(namesIn(strings)).toEqual([
      "docker.io/rancher/klipper-lb:v0.4.17",
      "docker.io/rancher/mirrored-pause:3.10.2",
    ]);
    expect(namesIn("rancher/klipper-helm:v0.13.3-build20260727system:node")).toEqual([
      "docker.io/rancher/klipper-helm:v0.13.3-build20260727",
    ]);
  });

  it("leaves the pause images of Kubernetes and containerd alone", () => {
    expect(namesIn("registry.k8s.io/pause:3.10.1 gcr.io/google_containers/pause-amd64:3.0")).toEqual([]);
  });

  it("finds renamed images of a fork", () => {
    expect(systemNames(namesIn("carvicsforth/pause:3.10.2"))).toEqual({ pause: "docker.io/carvicsforth/pause:3.10.2" });
  });
});

describe("systemNames", () => {
  it("decides nothing between two names of one image", () => {
    const names = ["docker.io/rancher/mirrored-pause:3.6", "docker.io/rancher/mirrored-pause:3.10.2"];
    expect(systemNames(names)).toEqual({});
    expect(systemNames([names[0] ?? "", names[0] ?? ""])).toEqual({ pause: names[0] });
  });
});
