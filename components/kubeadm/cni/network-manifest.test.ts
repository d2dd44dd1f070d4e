import { expect, it } from "vitest";
import { networkManifestUnit } from "./network-manifest";

it("applies the network's objects at its start", () => {
  expect(networkManifestUnit("/usr/local/bin/kubectl", "/etc/kubernetes/admin.conf")).toBe(`[Unit]
Description=Objects of the network of pods
After=kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
RuntimeDirectory=k3s-board-network
ExecStart=/usr/local/bin/kubectl --kubeconfig=/etc/kubernetes/admin.conf --cache-dir=/run/k3s-board-network apply --server-side --force-conflicts -f /etc/kubernetes/k3s-board-network.yaml
Restart=on-failure
RestartSec=10s

[Install]
WantedBy=multi-user.target
`);
});
