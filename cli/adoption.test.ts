import { describe, expect, it } from "vitest";
import { resourceTypes } from "../provider/types";
import { adoptedTypes, idFromInputs } from "./adoption";

describe("idFromInputs", () => {
  const image = { registry: { url: "http://127.0.0.1:5000" }, repository: "rancher/mirrored-pause", tag: "3.10.2" };
  it.each([
    ["board:index:File", { path: "/etc/motd", connection: { ciphertext: "c" } }, "/etc/motd"],
    ["board:index:SystemdService", { name: "k3s" }, "k3s"],
    ["board:index:RegistryImage", image, "http://127.0.0.1:5000/rancher/mirrored-pause:3.10.2"],
    // the registry as a whole is a secret: its address is not to be read from the state
    ["board:index:RegistryImage", { ...image, registry: { ciphertext: "c" } }, undefined],
    ["board:index:Package", { name: "ipset" }, "ipset"],
    ["board:index:Setting", { kind: "swap", values: {} }, "swap"],
    ["board:index:Reboot", { connection: { ciphertext: "c" }, consent: "allowed" }, "reboot"],
    ["board:index:K3sData", { dataDir: "/var/lib/rancher/k3s" }, "/var/lib/rancher/k3s"],
    ["board:index:KubeadmData", { connection: { ciphertext: "c" } }, "kubeadm"],
    ["board:index:ClusterNode", { name: "w1" }, "w1"],
    ["board:index:EtcdMember", { name: "s2", timeoutSeconds: 900 }, "s2"],
    // an answer about the cluster, of which nothing stays on the board
    ["board:index:Kubeconfig", { name: "board" }, undefined],
  ])("%s %j", (type, inputs, id) => expect(idFromInputs(type, inputs)).toBe(id));

  it("knows types that there are", () => {
    for (const type of adoptedTypes) expect([...resourceTypes.keys()]).toContain(type);
  });
});
