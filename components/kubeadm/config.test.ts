import { describe, expect, it } from "vitest";
import { kubeadmConfig } from "./config";

const problems = (section: object) =>
  (kubeadmConfig.safeParse({ version: "v1.36.3", ...section }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );

describe("the kubeadm section", () => {
  it.each(["licheepi", "licheepi.lan", "a-1"])("takes a node named %s", (nodeName) =>
    expect(problems({ nodeName })).toEqual([]),
  );
  it.each(["LicheePi", "my_node", "-a", ""])("refuses a node named '%s', as kubelet knows none by it", (nodeName) =>
    expect(problems({ nodeName })).toEqual([expect.stringMatching(/^nodeName: expected lower-case letters/)]),
  );

  it.each(["registry.k8s.io", "127.0.0.1:5000", "registry.example/k8s", "me"])(
    "takes images from %s",
    (imageRepository) => expect(problems({ imageRepository })).toEqual([]),
  );
  it.each(["https://registry.k8s.io", "registry.k8s.io/", "registry.example/K8s"])(
    "refuses to take images from %s",
    (imageRepository) => expect(problems({ imageRepository })).toEqual([expect.stringMatching(/^imageRepository: /)]),
  );
});
