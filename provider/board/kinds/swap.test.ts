import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Seen } from "../kind";
import { planSetting } from "../plan";
import { editFstab, fstabFile, fstabSwaps, swap } from "./swap";

const unit = (id: string, active: string, unitFile: string, fragment: string, source = "") =>
  `\nId=${id}\nLoadState=loaded\nActiveState=${active}\nUnitFileState=${unitFile}\nFragmentPath=${fragment}\nSourcePath=${source}\n`;
const seen = (output: string, more: Partial<Seen> = {}): Seen => ({
  files: {},
  originals: {},
  output,
  before: {},
  unfinished: false,
  ...more,
});
const fstabUnit = unit("dev-sda2.swap", "active", "generated", "/run/systemd/generator/dev-sda2.swap", fstabFile);
const zram = unit("dev-zram0.swap", "active", "generated", "/run/systemd/generator/dev-zram0.swap");
const own = unit("data-swap.swap", "inactive", "enabled", "/etc/systemd/system/data-swap.swap");
const byHand = unit("tmp-swapfile.swap", "active", "", "");
const wanted = { swap: "disabled" };

describe("fstab", () => {
  const text =
    "LABEL=root / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n#/old none swap sw\n/slow none swap pri=1,noauto 0 0\n";

  it("has its swap as comments", () => {
    expect(fstabSwaps(text)).toEqual(["/swapfile"]);
    expect(editFstab(text, true)).toBe(text.replace("/swapfile", "# k3s-board: /swapfile"));
  });

  it("comes back to the byte, and is left alone the second time", () => {
    const line = fc.constantFrom(
      "/a none swap sw 0 0",
      "# /b none swap",
      "",
      "UUID=1 / ext4 rw 0 1",
      "\tc  none\tswap",
      "# k3s",
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const before = lines.join("\n");
        const edited = editFstab(before, true);
        expect(editFstab(edited, false)).toBe(before);
        expect(editFstab(edited, true)).toBe(edited);
        expect(fstabSwaps(edited)).toEqual([]);
      }),
    );
  });
});

describe("swap", () => {
  it.each([
    ["nothing", "", "disabled"],
    ["a file that was turned on by hand", `device=/tmp/swapfile\n${byHand}`, "/tmp/swapfile"],
    ["what fstab brings", `device=/dev/sda2\n${fstabUnit}`, "/dev/sda2"],
    ["zram of a generator", `device=/dev/zram0\n${zram}`, "/dev/zram0, dev-zram0.swap"],
    ["a unit of the user that comes at boot", own, "data-swap.swap"],
    ["a service", unit("dphys-swapfile.service", "active", "enabled", "/usr/lib/x"), "dphys-swapfile.service"],
    [
      "a service that is installed only",
      unit("dphys-swapfile.service", "inactive", "disabled", "/usr/lib/x"),
      "disabled",
    ],
  ])("is found: %s", (_title, output, value) => {
    expect(swap.running([], seen(output)).swap).toBe(value);
  });

  it("goes by masking what a generator makes, and by disabling what is the user's own", () => {
    const plan = planSetting(swap, wanted, {}, seen(`device=/dev/zram0\n${zram}${own}`));
    expect(plan.notes).toEqual([
      "data-swap.swap is disabled at boot",
      "/etc/systemd/system/dev-zram0.swap is new:\n+ a link to /dev/null",
      "swap is /dev/zram0, dev-zram0.swap, data-swap.swap and becomes disabled",
    ]);
    const script = swap.apply(plan.apply, seen(`device=/dev/zram0\n${zram}${own}`));
    expect(script).toContain("systemctl mask -q -- dev-zram0.swap && systemctl stop -q -- dev-zram0.swap");
    expect(script).toContain("systemctl disable -q -- data-swap.swap");
    expect(script).toContain("swapoff -a || fail");
  });

  it("comes back as it was remembered: masks go, what was in use is in use", () => {
    const before = swap.running([], seen(`device=/dev/sda2\ndevice=/dev/zram0\n${fstabUnit}${zram}${own}`));
    expect(before).toEqual({
      "/dev/sda2": "on",
      "/dev/zram0": "on",
      "data-swap.swap": "down enabled",
      "dev-zram0.swap": "up generated mask",
      swap: "/dev/sda2, /dev/zram0, dev-zram0.swap, data-swap.swap",
    });
    const now = seen("", { before });
    expect(planSetting(swap, {}, wanted, now).notes).toEqual([
      "data-swap.swap is enabled at boot",
      "/etc/systemd/system/dev-zram0.swap goes:\n- a link to /dev/null",
      "swap is disabled and becomes /dev/sda2, /dev/zram0, dev-zram0.swap, data-swap.swap",
    ]);
    const script = swap.settle?.({}, wanted, now) ?? "";
    expect(script).toContain("systemctl unmask -q -- dev-zram0.swap");
    expect(script).toContain("systemctl enable -q -- data-swap.swap");
    expect(script).toContain("swapon -- /dev/sda2");
  });
});
