import { describe, expect, it } from "vitest";
import { containerdConfigFile, hostsFile } from "./containerd";

const sandboxImage = "127.0.0.1:5000/pause:3.10.2";

describe("containerdConfigFile", () => {
  it.each([
    ["module", "systemd", /^version = 3\n/, /SystemdCgroup = true/, /pinned_images\]\n {2}sandbox = "127/],
    ["module", "cgroupfs", /^version = 3\n/, /SystemdCgroup = false/, /bin_dirs/],
    ["package", "systemd", /^version = 2\n/, /SystemdCgroup = true/, /sandbox_image = "127/],
    ["url", "systemd", /^version = 2\n/, /SystemdCgroup = true/, /sandbox_image = "127/],
  ] as const)("of a %s with %s", (kind, cgroupDriver, ...expected) => {
    const one = { url: "https://dl.example/program", sha256: "0".repeat(64) };
    const source = kind === "url" ? { kind, containerd: one, ctr: one, "containerd-shim-runc-v2": one } : { kind };
    const text = containerdConfigFile({ config: { source, cgroupDriver }, sandboxImage });
    for (const pattern of [...expected, /config_path = "\/etc\/containerd\/certs\.d"/]) expect(text).toMatch(pattern);
  });
});

describe("hostsFile", () => {
  it("puts the private registry in front of the registry itself", () => {
    expect(hostsFile("docker.io", { url: "http://127.0.0.1:5000" })).toBe(
      'server = "https://registry-1.docker.io"\n\n[host."http://127.0.0.1:5000"]\n  capabilities = ["pull", "resolve"]\n',
    );
  });

  it("tells the scheme of the private registry itself", () => {
    expect(hostsFile("127.0.0.1:5000", { url: "http://127.0.0.1:5000" })).toMatch(
      /^server = "http:\/\/127\.0\.0\.1:5000"\n/,
    );
  });

  it("has CA and login where the registry wants them", () => {
    const text = hostsFile("quay.io", { url: "https://r.example", caFile: "/ca.crt", username: "u", password: "p" });
    expect(text).toContain('  ca = "/ca.crt"\n');
    expect(text).toContain(`Authorization = "Basic ${Buffer.from("u:p").toString("base64")}"`);
  });
});
