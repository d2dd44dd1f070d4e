import { describe, expect, it } from "vitest";
import { architectures } from "../components/board/architecture";
import { boardTypes } from "./architectures";
import { qemuArguments, type QemuStart } from "./qemu";

const start: QemuStart = {
  ...{ accelerator: "tcg", kernel: "/k", initrd: "/i", disk: "/d", serialLog: "/s", pidFile: "/p", qmpSocket: "/q" },
  ...{ ports: { ssh: 2222, api: 16443 }, number: 1, neighbourPort: 20000 },
};

function valuesOf(option: string, args: readonly string[]): string[] {
  return args.flatMap((arg, index) => (args[index - 1] === option ? [arg] : []));
}

describe("qemuArguments", () => {
  it.each(architectures)("gives a resumed %s board the devices of the one that was saved", (architecture) => {
    const machine = (more: Partial<QemuStart>) => {
      const args = qemuArguments(boardTypes[architecture], { ...start, ...more });
      const devices = valuesOf("-device", args).map((device) => device.replace(/,mac=[^,]*/, ""));
      return [
        valuesOf("-machine", args),
        valuesOf("-cpu", args),
        valuesOf("-smp", args),
        valuesOf("-m", args),
        devices,
      ];
    };
    expect(machine({ state: "/state", number: 9, ports: { ssh: 1, api: 2 }, disk: "/other" })).toEqual(machine({}));
  });

  it("listens on the loopback interface only", () => {
    const nets = valuesOf("-netdev", qemuArguments(boardTypes.riscv64, start));
    expect(nets).toEqual([
      "user,id=uplink,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=tcp:127.0.0.1:16443-:6443",
      "socket,id=neighbours,mcast=230.0.0.1:20000,localaddr=127.0.0.1",
    ]);
  });

  it("keeps paths whole that hold commas, blanks and quotes", () => {
    const args = qemuArguments(boardTypes.riscv64, { ...start, disk: "/a,b/d", state: "/it's here/state" });
    expect(valuesOf("-drive", args)[0]).toContain("file=/a,,b/d,");
    expect(valuesOf("-incoming", args)).toEqual([`exec:cat '/it'\\''s here/state'`]);
  });
});
