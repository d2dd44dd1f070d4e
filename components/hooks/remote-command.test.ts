import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commandInput, commandLine, remoteConnection } from "./remote-command";

const rsa = "ssh-rsa AAAAB3NzaC1yc2E=";
const ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5";
const readKey = (path: string) => `key in ${path}`;

describe("remoteConnection", () => {
  it("pins the key that the plugin can check, and hands over the private key itself", () => {
    const jump = { host: "gate", hostKeys: [ed25519], password: "p" };
    expect(
      remoteConnection(
        { host: "board", port: 2222, user: "me", hostKeys: [rsa, ed25519], identity: "/k", jump },
        readKey,
      ),
    ).toEqual({
      host: "board",
      port: 2222,
      user: "me",
      hostKey: ed25519,
      privateKey: "key in /k",
      perDialTimeout: 30,
      proxy: { host: "gate", port: 22, user: "root", hostKey: ed25519, password: "p" },
    });
  });

  it("does not go without a host key", () => {
    expect(() => remoteConnection({ host: "board", hostKeys: [rsa] }, readKey)).toThrow(/pin one of those/);
  });
});

/** Runs a command line as sshd does: by the login shell, with what stands in for sudo where there is one. */
function asSshd(line: string, input: string | undefined, sudo = ":") {
  return spawnSync("sh", ["-c", `sudo() { ${sudo}; }; ${line.replace(/^exec sudo/, "sudo")}`], {
    input: input ?? "",
    encoding: "utf8",
  });
}

describe("a command on the board", () => {
  const command = `echo "it's"; read -r word; echo "got $word"; exit 3`;

  it("gets its text as it is and its own standard input", () => {
    const login = { user: "root" };
    const { stdout, status } = asSshd(commandLine(command, 10, login), commandInput("secret\n", login));
    expect(stdout).toBe("it's\ngot secret\n");
    expect(status).toBe(3);
  });

  it.each([
    ["sudo reads the password", 'read -r password; shift 4; exec "$@"'],
    ["sudo asks for none", 'shift 4; exec "$@"'],
  ])("never gets the password where %s", (_case, sudo) => {
    const login = { user: "me", sudoPassword: "sudo-password" };
    const { stdout } = asSshd(commandLine(command, 10, login), commandInput("secret\n", login), sudo);
    expect(stdout).toBe("it's\ngot secret\n");
  });

  it("has nothing secret in its command line, and ends by itself", () => {
    const login = { user: "me", sudoPassword: "sudo-password" };
    expect(commandLine(command, 10, login)).not.toContain("sudo-password");
    expect(asSshd(commandLine("sleep 20", 1, { user: "root" }), undefined).status).toBe(124);
  });
});
