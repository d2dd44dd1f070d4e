import type { Architecture } from "../board/architecture";
import { imageConfig, type ImageConfig, resolveBuild, isBuild } from "../images/config";
import { bundledVersions, kubernetesStamp } from "./program-builds";
import { minorOf } from "./versions";

/** Tags of what kubeadm runs besides Kubernetes itself. */
export interface ReleaseTags {
  readonly etcd: string;
  readonly coredns: string;
  readonly pause: string;
}

/**
 * By minor version, what `kubeadm config images list` of its newest patch release names. Read in cmd/kubeadm/app/constants/constants.go of
 * k8s.io/kubernetes v1.30.14, v1.31.14, v1.32.13, v1.33.13, v1.34.4, v1.35.4 and v1.36.3. kubeadm is told these tags, so that it asks for
 * what is there also where another patch release would have chosen another one.
 */
const releases: Readonly<Record<number, ReleaseTags>> = {
  30: { etcd: "3.5.15-0", coredns: "v1.11.3", pause: "3.9" },
  31: { etcd: "3.5.24-0", coredns: "v1.11.3", pause: "3.10" },
  32: { etcd: "3.5.24-0", coredns: "v1.11.3", pause: "3.10" },
  33: { etcd: "3.5.24-0", coredns: "v1.12.0", pause: "3.10" },
  34: { etcd: "3.6.5-0", coredns: "v1.12.1", pause: "3.10.1" },
  35: { etcd: "3.6.6-0", coredns: "v1.13.1", pause: "3.10.1" },
  36: { etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" },
};

/** Images of a control plane, by what they are called here. */
export const controlPlaneImageKeys = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kube-proxy",
  "coredns",
  "pause",
  "etcd",
] as const;

/** One of {@link controlPlaneImageKeys}. */
export type ControlPlaneImageKey = (typeof controlPlaneImageKeys)[number];

/** An image that kubeadm asks for. */
export interface ControlPlaneImage {
  readonly key: ControlPlaneImageKey;
  /** Full name upstream: `registry.k8s.io/coredns/coredns:v1.14.2`. */
  readonly name: string;
  /** Ways to have it where upstream does not have it for the board, best first. */
  readonly alternatives: readonly ImageConfig[];
}

/** Upstream's registry, which kubeadm asks where it is not told another one. */
export const upstreamRepository = "registry.k8s.io";

/** The tags of a supported Kubernetes version. @throws Error for others; the configuration has refused them. */
export function releaseTags(version: string): ReleaseTags {
  const tags = releases[minorOf(version) ?? 0];
  if (tags === undefined) throw new Error(`the images of Kubernetes ${version} are not known`);
  return tags;
}

function tagOf(key: ControlPlaneImageKey, version: string): string {
  return key === "coredns" || key === "pause" || key === "etcd" ? releaseTags(version)[key] : version;
}

/**
 * The name of an image that kubeadm of a version asks for.
 *
 * @param repository - Defaults to upstream's, the only one that has CoreDNS in a directory of its own.
 */
export function controlPlaneImageName(
  key: ControlPlaneImageKey,
  version: string,
  repository = upstreamRepository,
): string {
  const path = key === "coredns" && repository === upstreamRepository ? "coredns/coredns" : key;
  return `${repository}/${path}:${tagOf(key, version)}`;
}

/** The images that `kubeadm config images list` names for a version. */
export function controlPlaneImages(version: string, arch: Architecture): ControlPlaneImage[] {
  return controlPlaneImageKeys.map((key) => ({
    key,
    name: controlPlaneImageName(key, version),
    alternatives: waysToBuild(key, tagOf(key, version), arch).map((way) => {
      const config = imageConfig.parse(way);
      return isBuild(config) ? resolveBuild(config) : config;
    }),
  }));
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const asRoot = { user: "0:0", env: { PATH: path } };

/**
 * What kube-proxy runs iptables and nft from: Debian's packages with all that they link to. iptables' nft variant is the one that Debian's kubelet
 * and CNI plugins use on the host too.
 */
const packetFilters = {
  debianPackages: [
    ...["iptables", "libxtables12", "libip4tc2", "libip6tc2", "libnftnl11", "libmnl0"],
    ...["libnetfilter-conntrack3", "libnfnetlink0", "libc6", "libgcc-s1"],
    ...["nftables", "libnftables1", "libjansson4", "libgmp10"],
    ...["libedit2", "libbsd0", "libmd0", "libtinfo6"],
  ],
  links: Object.fromEntries(
    ["iptables", "ip6tables"].flatMap((tool) =>
      ["", "-save", "-restore"].map((variant) => [`/usr/sbin/${tool}${variant}`, "xtables-nft-multi"]),
    ),
  ),
};

function waysToBuild(key: ControlPlaneImageKey, tag: string, arch: Architecture): object[] {
  switch (key) {
    case "pause":
      return [{ kind: "pause" }];
    case "coredns":
      return [
        { kind: "alias", of: `docker.io/coredns/coredns:${tag.slice(1)}` },
        {
          kind: "goModule",
          module: "github.com/coredns/coredns",
          version: tag,
          capabilities: ["net_bind_service"],
        },
      ];
    case "etcd":
      return [
        {
          kind: "goModule",
          module: "go.etcd.io/etcd/server/v3",
          version: `v${tag.replace(/-\d+$/, "")}`,
          path: "/usr/local/bin/etcd",
          entrypoint: ["etcd"],
          ...asRoot,
          // upstream refuses to start on architectures that it does not test, unless they are named
          env: { PATH: path, ...(arch === "riscv64" ? { ETCD_UNSUPPORTED_ARCH: arch } : {}) },
        },
      ];
    default:
      // its go.mod replaces the staging modules, so that only the version whose go.mod is here can be built
      return tag === bundledVersions.kubernetes
        ? [
            {
              kind: "goModule",
              module: "k8s.io/kubernetes",
              version: tag,
              package: `cmd/${key}`,
              ldflags: kubernetesStamp(tag),
              path: `/usr/local/bin/${key}`,
              entrypoint: [key],
              ...asRoot,
              ...(key === "kube-proxy" ? packetFilters : {}),
            },
          ]
        : [];
  }
}
