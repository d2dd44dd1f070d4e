import { describe, expect, it } from "vitest";
import { archiveOf } from "./apt-source";

describe("archiveOf", () => {
  it("reads deb822 sources, leaves comments and security archives out", () => {
    const text = `Types: deb
# http://snapshot.example/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main`;
    expect(archiveOf([text])).toBe("http://mirror.example/debian");
    expect(archiveOf([text.replace("Types: deb\n#", "Enabled: no\nTypes: deb\n#")])).toBeUndefined();
  });

  it("reads one-line sources with options and a trailing slash", () => {
    const lines = `# deb http://commented.example/debian trixie main
deb [arch=amd64 signed-by=/k.gpg] https://user:pw@near.example/mirror/debian/ trixie main contrib
deb http://third.example/apt stable main`;
    expect(archiveOf([lines])).toBe("https://user:pw@near.example/mirror/debian");
  });

  it("finds none on an Ubuntu", () => {
    expect(archiveOf(["deb http://archive.example/ubuntu noble main universe"])).toBeUndefined();
  });
});
