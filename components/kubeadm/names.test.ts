import { describe, expect, it } from "vitest";
import { isCertificateName, isDnsName, isEndpoint } from "./names";

describe("names as kubeadm takes them", () => {
  it.each(["cluster.local", "a", "1.example", "192.0.2.7"])("%s is a DNS name", (name) =>
    expect(isDnsName(name)).toBe(true),
  );
  it.each(["Cluster.local", "my_cluster", ".local", "local.", "a..b", "-a", "a-", "x".repeat(64), ""])(
    "'%s' is none",
    (name) => expect(isDnsName(name)).toBe(false),
  );

  it.each(["192.0.2.7", "2001:db8::7", "*.example", "api.example"])("%s can be in a certificate", (name) =>
    expect(isCertificateName(name)).toBe(true),
  );
  it.each(["API.example", "my_board", "https://api.example", "fe80::7%eth0", "api.*.example", "[2001:db8::7]"])(
    "'%s' can be in none",
    (name) => expect(isCertificateName(name)).toBe(false),
  );

  it.each(["api.example", "api.example:6443", "192.0.2.7:1"])("%s is an endpoint", (text) =>
    expect(isEndpoint(text)).toBe(true),
  );
  it.each(["API.example", "api_1:6443", "api.example:0", "api.example:65536", "api.example:", "a:1:2", ""])(
    "'%s' is none",
    (text) => expect(isEndpoint(text)).toBe(false),
  );
});
