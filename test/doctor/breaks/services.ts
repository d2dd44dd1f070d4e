import { configuration, restart, type Break } from "./break";

const manifests = "/var/lib/rancher/k3s/server/manifests";

/** What is wrong with k3s itself: its service, configuration, manifests and nodes. */
export const serviceBreaks: readonly Break[] = [
  {
    expected: "config-not-running",
    break: () => `echo 'debug: true' >${configuration}`,
    mend: () => `rm ${configuration}`,
    remedy: /systemctl restart k3s/,
  },
  {
    expected: "config-unknown-key",
    break: () => `echo 'disabel: traefik' >${configuration}; touch -d 2020-01-01 ${configuration}`,
    mend: () => `rm ${configuration}`,
    remedy: /spelling/,
  },
  {
    expected: "unit-not-reloaded",
    break: () => "printf '[Unit]\\nDescription=other\\n' >/etc/systemd/system/k3s.service.d/99-broken.conf",
    mend: () => "rm /etc/systemd/system/k3s.service.d/99-broken.conf; systemctl daemon-reload",
    remedy: /daemon-reload/,
  },
  {
    expected: "manifest-edited",
    break: () =>
      `cd ${manifests}; cp -p coredns.yaml /root/coredns.yaml; echo '# mine' >>coredns.yaml; touch -d '+1 hour' coredns.yaml`,
    mend: () => `cp -p /root/coredns.yaml ${manifests}/coredns.yaml; rm /root/coredns.yaml`,
    remedy: /k3s-board:k3s.disable/,
  },
  {
    expected: "manifest-disabled",
    break: () =>
      `echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: broken, namespace: default}}' >${manifests}/traefik.yaml`,
    mend: () =>
      `rm -f ${manifests}/traefik.yaml; k3s kubectl -n kube-system delete events --field-selector reason=DeletingManifest`,
    remedy: /custom-traefik\.yaml/,
  },
  {
    expected: "containerd-down",
    break: () => "kill -STOP $(pidof containerd)",
    mend: () => "kill -CONT $(pidof containerd)",
    remedy: /systemctl restart k3s/,
  },
  {
    expected: "version-skew",
    break: () => `k3s kubectl create --validate=false -f - <<'END'
{apiVersion: v1, kind: Node, metadata: {name: older}, status: {nodeInfo: {kubeletVersion: v1.30.0+k3s1}, conditions: [{type: Ready, status: "True"}]}}
END`,
    mend: () => "k3s kubectl delete node older",
    remedy: /one minor version at a time/,
  },
  {
    expected: "node-not-ready",
    break: () => "kill -STOP $(pidof kubelet)",
    mend: () => "kill -CONT $(pidof kubelet)",
    remedy: /describe node/,
  },
  {
    expected: "k3s-down",
    break: () => "systemctl stop k3s",
    mend: () => "systemctl start k3s",
    remedy: /systemctl start k3s/,
  },
  {
    expected: "token-mismatch",
    break: () => `echo 'token: another-one' >${configuration}; chmod 600 ${configuration}; ${restart}`,
    mend: () => `rm ${configuration}; ${restart}`,
    remedy: /k3s token rotate/,
  },
];
