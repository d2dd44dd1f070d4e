import { expect, it } from "vitest";
import { kubeadmConfig } from "./config";
import { imageRepositoryOf } from "./image-repository";

const docker = { runtime: { kind: "cri-dockerd", source: { kind: "path", path: "/x" } } };

it.each([
  ["the private registry", {}, "127.0.0.1:5000", "127.0.0.1:5000/coredns", true],
  [
    "the private registry, named",
    { imageRepository: "127.0.0.1:5000" },
    "127.0.0.1:5000",
    "127.0.0.1:5000/coredns",
    true,
  ],
  ["it for Docker", docker, "127.0.0.1:5000", "127.0.0.1:5000/coredns", true],
  ["upstream, mirrored", { imageRepository: "registry.k8s.io" }, "registry.k8s.io", "registry.k8s.io/coredns", true],
  [
    "upstream for Docker",
    { ...docker, imageRepository: "registry.k8s.io" },
    "registry.k8s.io",
    "registry.k8s.io/coredns",
    false,
  ],
  ["a copy", { imageRepository: "registry.example/k8s" }, "registry.example/k8s", "registry.example/k8s", false],
])("%s", (_title, section, imageRepository, corednsRepository, isFilled) => {
  const config = kubeadmConfig.parse({ version: "v1.36.3", ...section });
  expect(imageRepositoryOf(config, "127.0.0.1:5000")).toEqual({ imageRepository, corednsRepository, isFilled });
});
