import { expect, it } from "vitest";
import { healthy, unitOf } from "../fixtures/healthy";
import { journaled } from "../fixtures/journaled";
import { kernelFindings } from "./kernel";

const base = healthy();
const started = unitOf().started ?? 0;
const ids = (...found: Parameters<typeof kernelFindings>) => kernelFindings(...found).map(({ id }) => id);

it("what kube-proxy said before k3s started, or before the module was loaded, is over", () => {
  const said = (seconds: number, modules: string[] = []) => {
    const line = "E1121 iptables-restore: Extension comment revision 0 not supported, missing kernel module?";
    return ids({ ...base, kernel: { ...base.kernel!, modules }, journal: { k3s: [journaled(seconds, line)] } });
  };
  expect(said(started + 60)).toEqual(["kernel-without-match"]);
  expect(said(started + 60, ["xt_comment"])).toEqual([]);
  expect(said(started - 60)).toEqual([]);
});

it("an option of the kernel that kube-proxy does not need is not missed", () => {
  const without = (config: Record<string, string>, ...flags: string[]) =>
    ids({
      ...base,
      kernel: { ...base.kernel!, config },
      units: [unitOf({ command: ["/usr/local/bin/k3s", "server", ...flags] })],
    });
  // the older name only selects the newer
  expect(without({ NETFILTER_XT_MATCH_MARK: "n", NETFILTER_XT_MARK: "m" })).toEqual([]);
  expect(without({ NETFILTER_XT_MATCH_MARK: "n", NETFILTER_XT_MARK: "n" })).toEqual(["kernel-without-match"]);
  expect(without({ NETFILTER_XT_MATCH_STATISTIC: "n" })).toEqual(["kernel-without-match"]);
  expect(without({ NETFILTER_XT_MATCH_STATISTIC: "n" }, "--disable-kube-proxy")).toEqual([]);
  expect(without({ NETFILTER_XT_MATCH_STATISTIC: "n" }, "--kube-proxy-arg=proxy-mode=nftables")).toEqual([]);
});
