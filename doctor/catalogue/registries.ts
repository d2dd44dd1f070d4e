import type { Entry } from "./entry";

const nameFirst =
  "look at the name first: an image that only the board has, or another registry, is asked for elsewhere by its short name";
const pullSecret =
  "give the pod a secret for {registry}: kubectl create secret docker-registry, and its name in imagePullSecrets of the pod or of its service account";

/** Registries, and the mirrors that stand in for them. */
export const registries = {
  "image-not-in-registry": {
    severity: "error",
    area: "registries",
    sentence: "{registry} does not have {image}",
    remedy:
      "check the name and the tag, or bring it into the registry: k3s-board:images with `kind: mirror` or `build`",
  },
  "registry-unresolved": {
    severity: "error",
    area: "registries",
    sentence: "the board cannot resolve the registry {registry}",
    remedy:
      "check the nameservers in /etc/resolv.conf, or mirror the registry: k3s-board:registry brings one that the board reaches",
  },
  "registry-unreachable": {
    severity: "error",
    area: "registries",
    sentence: "the registry {registry} does not answer: {reason}",
    remedy: "start it, or check address, port and firewall from the board: curl -v {url}/v2/",
    because: ["mirror-key-differs"],
  },
  "image-unknown-or-private": {
    severity: "error",
    area: "registries",
    sentence: "{registry} does not have {image}, or wants a login for it: it does not tell which",
    remedy: `${nameFirst}. A private one wants /etc/rancher/k3s/registries.yaml: configs."{registry}".auth with user name and password; k3s reads it at its start`,
    kubeadmRemedy: `${nameFirst}. For a private one ${pullSecret}`,
    because: ["mirror-key-differs", "mirror-not-loaded"],
  },
  "registry-unauthorized": {
    severity: "error",
    area: "registries",
    sentence: "the registry {registry} refuses the board's login",
    remedy:
      '/etc/rancher/k3s/registries.yaml: configs."{registry}".auth with user name and password (k3s-board:registry.username, registry.password); k3s reads it at its start',
    kubeadmRemedy: pullSecret,
  },
  "registry-speaks-http": {
    severity: "error",
    area: "registries",
    sentence: "the registry {registry} speaks http, and containerd asks it with https",
    remedy:
      '/etc/rancher/k3s/registries.yaml: mirrors."{mirrored}".endpoint: ["http://{registry}"]; k3s reads it at its start',
    kubeadmRemedy:
      '/etc/containerd/certs.d/{mirrored}/hosts.toml: server = "http://{registry}", or that as its host; with Docker: insecure-registries: ["{registry}"] in /etc/docker/daemon.json, and restart docker',
    because: ["mirror-key-differs", "mirror-not-loaded"],
  },
  "registry-certificate": {
    severity: "error",
    area: "registries",
    sentence: "the board does not trust the certificate of the registry {registry}: {reason}",
    remedy:
      '/etc/rancher/k3s/registries.yaml: configs."{registry}".tls.ca_file with the CA\'s certificate on the board (k3s-board:registry.ca)',
    kubeadmRemedy:
      "the CA's certificate belongs on the board (k3s-board:registry.ca): named by ca in /etc/containerd/certs.d/{registry}/hosts.toml, with Docker as /etc/docker/certs.d/{registry}/ca.crt",
    because: ["clock-skew"],
  },
  "mirror-not-loaded": {
    severity: "warning",
    area: "registries",
    sentence:
      "registries.yaml has a mirror for {registry} that containerd does not use: k3s has not been restarted since it was written",
    remedy: "systemctl restart {unit}",
  },
  "mirror-key-differs": {
    severity: "error",
    area: "registries",
    sentence:
      "registries.yaml has {found}, but the images are asked for at {registry}: a key without its port is another registry",
    remedy: "/etc/rancher/k3s/registries.yaml: name the key {registry}, and restart {unit}",
  },
} as const satisfies Record<string, Entry>;
