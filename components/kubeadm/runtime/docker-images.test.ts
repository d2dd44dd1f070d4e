import { expect, it } from "vitest";
import { imagesConfig } from "../../images/config";
import { kubeadmConfig } from "../config";
import { dockerImageProblems } from "./docker-images";

const docker = { kind: "cri-dockerd", source: { kind: "path", path: "/x" } };
const app = { kind: "goDirectory", directory: "." };

/** Names that are refused. */
function refused(images: object, kubeadm: object = {}): string[] {
  const problems = dockerImageProblems({
    kubeadm: kubeadmConfig.parse({ version: "v1.36.3", runtime: docker, ...kubeadm }),
    images: imagesConfig.parse(images),
    registry: { kind: "board", listen: "127.0.0.1", port: 5000 },
  });
  return problems.map(({ path }) => path);
}

it("refuses for Docker what would be pushed under the name of a registry that Docker asks itself", () => {
  const name = "ghcr.io/me/app:1";
  for (const config of [app, { kind: "mirror" }, { kind: "alias", of: "docker.io/me/app:1" }])
    expect(refused({ [name]: config })).toEqual([`images.${name}`]);
  expect(refused({ [name]: app }, { runtime: { kind: "containerd" } })).toEqual([]);
});

it("says what to do instead", () => {
  const [problem] = dockerImageProblems({
    kubeadm: kubeadmConfig.parse({ version: "v1.36.3", runtime: docker }),
    images: imagesConfig.parse({ "ghcr.io/me/app:1": app }),
    registry: { kind: "board", listen: "127.0.0.1", port: 5000 },
  });
  expect(problem?.reason).toMatch(
    /^Docker asks ghcr\.io itself.*127\.0\.0\.1:5000\/me\/app:1.*keep.*kubeadm\.runtime\.kind containerd$/,
  );
});

it("takes what Docker finds: names of docker.io and of the private registry, what it pulls itself, and kubeadm's own images", () => {
  const images = {
    "me/app:1": app,
    "docker.io/me/app:2": app,
    "127.0.0.1:5000/me/app:1": app,
    "ghcr.io/me/app:1": { kind: "keep" },
    "registry.k8s.io/etcd:3.6.8-0": app,
  };
  expect(refused(images)).toEqual([]);
});

it("takes no other images of kubeadm's registry, and not its own either where Docker is to ask that registry", () => {
  expect(refused({ "registry.k8s.io/metrics-server/metrics-server:v0.8.0": app })).toHaveLength(1);
  expect(refused({ "registry.k8s.io/etcd:3.6.8-0": app }, { imageRepository: "registry.k8s.io" })).toHaveLength(1);
});
