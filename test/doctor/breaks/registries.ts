import { asked, forgotten, host, noPod, pod, registries, type Break } from "./break";

const keepRegistries = `cp -p ${registries} /root/registries.yaml`;
const oldRegistries = `cp -p /root/registries.yaml ${registries}; rm /root/registries.yaml`;

/** What keeps images from being pulled. */
export const registryBreaks: readonly Break[] = [
  {
    expected: "mirror-not-loaded",
    break: () =>
      `${keepRegistries}; sed -i 's|^mirrors:|mirrors:\\n  ghcr.io:\\n    endpoint: ["http://127.0.0.1:5000"]|' ${registries}`,
    mend: () => oldRegistries,
    remedy: /systemctl restart k3s/,
  },
  {
    expected: "registry-unresolved",
    break: () => pod("registry.invalid/a/b:1"),
    mend: noPod,
    remedy: /resolv\.conf/,
  },
  {
    expected: "registry-unreachable",
    break: ({ closed }) => pod(`${host}:${closed}/a/b:1`),
    mend: noPod,
    remedy: /curl -v https:\/\/10\.0\.2\.2:\d+\/v2\//,
  },
  {
    expected: "registry-speaks-http",
    break: ({ plain }) => pod(`${host}:${plain}/a/b:1`),
    mend: noPod,
    remedy: /endpoint: \["http:\/\/10\.0\.2\.2:\d+"\]/,
  },
  {
    expected: "registry-unauthorized",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/forbidden/b:1`)}`,
    mend: forgotten,
    remedy: /auth with user name and password/,
  },
  {
    expected: "image-not-in-registry",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/absent/b:1`)}`,
    mend: forgotten,
    remedy: /`kind: mirror` or `build`/,
  },
  {
    expected: "registry-certificate",
    break: ({ untrusted }) => pod(`${host}:${untrusted}/a/b:1`),
    mend: noPod,
    remedy: /tls\.ca_file/,
  },
  {
    expected: "mirror-key-differs",
    // as old as k3s's start: what is wrong here is the key
    break: ({ plain }) =>
      `${keepRegistries}; sed -i 's|^mirrors:|mirrors:\\n  ${host}:\\n    endpoint: ["http://${host}:${plain}"]|' ${registries}
touch -d 2020-01-01 ${registries}; ${pod(`${host}:${plain}/absent/b:1`)}`,
    mend: () => `${noPod()}; ${oldRegistries}`,
    remedy: /name the key 10\.0\.2\.2:\d+/,
  },
];
