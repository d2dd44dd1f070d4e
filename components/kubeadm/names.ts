import { isIP } from "node:net";

/** A DNS name as kubeadm takes one: labels of small letters, digits and dashes. */
const dnsName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Whether kubeadm takes a text for a DNS name (IsDNS1123Subdomain of k8s.io/apimachinery). */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && dnsName.test(text);
}

/** Whether kubeadm takes a text for a name in the API server's certificate: an address, a DNS name, or one that begins with `*.`. */
export function isCertificateName(text: string): boolean {
  // an address with a zone is one of this machine's, and none for a certificate
  return (isIP(text) !== 0 && !text.includes("%")) || isDnsName(text.replace(/^\*\./, ""));
}

/** Whether kubeadm takes a text for an endpoint: `host` or `host:port`, the host a DNS name or an IPv4 address. */
export function isEndpoint(text: string): boolean {
  const [, host = "", port = "6443"] = /^([^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return isDnsName(host) && Number(port) >= 1 && Number(port) <= 65535;
}
