import { describe, expect, it } from "vitest";
import { hosts, hostsFile } from "./kinds/hosts";
import { planSetting } from "./plan";

const wanted = { "192.0.2.7": "registry.lan" };
const withFile = (bytes: Buffer) => {
  const text = bytes.toString("utf8");
  return {
    files: { [hostsFile]: text },
    originals: { [hostsFile]: text },
    output: "",
    before: {},
    unfinished: false,
  };
};

describe("planSetting", () => {
  it("edits a file of the host line by line", () => {
    const { edits, refusal } = planSetting(hosts, wanted, {}, withFile(Buffer.from("127.0.0.1 localhost # Büro\n")));
    expect(refusal).toBeUndefined();
    expect(edits[hostsFile]).toContain("localhost # Büro\n# begin k3s-board\n192.0.2.7 registry.lan\n");
  });

  it("does not show what sounds like a secret in lines of others", () => {
    const share = Buffer.from("127.0.0.1 localhost\n//nas/share /mnt cifs user=me,password=hunter2\n");
    const { notes } = planSetting(hosts, wanted, {}, withFile(share));
    expect(notes.join("\n")).toContain("  //nas/share /mnt cifs user=me,password=***");
  });

  it("gives a file back to the byte that a killed run has left with other values", () => {
    const original = "127.0.0.1 localhost";
    const left = { [hostsFile]: `${original}\n# begin k3s-board\n192.0.2.7 other.lan\n# end k3s-board\n` };
    const seen = { ...withFile(Buffer.from(original)), files: left };
    expect(planSetting(hosts, {}, wanted, seen).edits).toEqual({ [hostsFile]: original });
  });

  it("leaves a file alone whose other lines would not stay as they are", () => {
    const latin1 = withFile(Buffer.from("127.0.0.1 localhost # Büro\n", "latin1"));
    expect(planSetting(hosts, wanted, {}, latin1)).toMatchObject({
      edits: {},
      isEmpty: false,
      refusal: expect.stringContaining("/etc/hosts is no UTF-8 text") as string,
    });
    expect(planSetting(hosts, {}, {}, latin1)).toMatchObject({ isEmpty: true });
  });
});
