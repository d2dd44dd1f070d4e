import { afterAll, describe, expect, it } from "vitest";
import { bootstrapKubeconfig, caIn, lackingOf, tokenIn } from "./join-files";
import { Certificates } from "./joining-board";

const certificates = new Certificates();
const others = new Certificates();
afterAll(() => {
  certificates.dispose();
  others.dispose();
});

const server = "https://192.0.2.7:6443";
const { ca } = certificates;
const token = { id: "abcdef", secret: "0123456789abcdef" };
const now = new Date();

describe("the kubeconfig that kubelet joins with", () => {
  const text = bootstrapKubeconfig({ server, ca }, token);

  it("holds address, CA and token", () => {
    expect(text).toMatch(/server: https:\/\/192\.0\.2\.7:6443\n/);
    expect(caIn(text)).toBe(ca);
    expect(tokenIn(text)).toEqual(token);
  });

  it.each(["", "{", "kind: Config", text.slice(0, text.indexOf("token:"))])("of %j neither is read", (half) => {
    expect(tokenIn(half)).toBeUndefined();
  });
});

describe("what a kubelet lacks", () => {
  const kubeconfig = bootstrapKubeconfig({ server, ca }, token).replace(/token: .*/, "client-certificate: /x.pem");
  const certificate = certificates.ofNode("w1");
  const found = { ca, kubeconfig, certificate, hasKey: true };
  const wanted = { node: "w1", server, ca };

  it("is nothing where it has a certificate of its own", () => {
    expect(lackingOf(found, wanted, now)).toBe("");
    expect(lackingOf({ ...found, ca: `${ca}\n` }, wanted, now)).toBe("");
  });

  it.each([
    ["no kubeconfig", { kubeconfig: "" }, "kubelet has not asked for a certificate yet"],
    ["half of one", { kubeconfig: "apiVersion: v1\nclu" }, "/etc/kubernetes/kubelet.conf cannot be read"],
    [
      "one of another address",
      { kubeconfig: kubeconfig.replaceAll("192.0.2.7", "192.0.2.9") },
      "/etc/kubernetes/kubelet.conf is for https://192.0.2.9:6443, the cluster is at https://192.0.2.7:6443",
    ],
    ["the CA of a cluster of before", { ca: others.ca }, "/etc/kubernetes/pki/ca.crt is not the cluster's"],
    ["no certificate, although kubelet.conf is there", { certificate: "" }, "kubelet has no certificate yet"],
    ["half of one", { certificate: certificate.slice(0, 90) }, "kubelet's certificate cannot be read"],
    ["a certificate whose key is cut off", { hasKey: false }, "kubelet's certificate cannot be read"],
    ["another node's", { certificate: certificates.ofNode("w2") }, "kubelet's certificate is that of node w2"],
  ])("of %s is told", (_title, change, lacking) => {
    expect(lackingOf({ ...found, ...change }, wanted, now)).toBe(lacking);
  });

  it("is a certificate that is still valid", () => {
    const later = new Date(now.getTime() + 3 * 86_400_000);
    expect(lackingOf(found, wanted, later)).toMatch(/^kubelet's certificate has expired on \d{4}-\d\d-\d\d$/);
  });
});
