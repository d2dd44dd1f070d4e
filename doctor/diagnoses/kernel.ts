import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { linesSince } from "../journal";
import { hasIptablesProxy } from "../kube-proxy";
import { k3sUnitOf } from "../trouble";

/** Matches that rules of kube-proxy use, with their modules. */
const matches = {
  comment: "NETFILTER_XT_MATCH_COMMENT",
  statistic: "NETFILTER_XT_MATCH_STATISTIC",
  conntrack: "NETFILTER_XT_MATCH_CONNTRACK",
  addrtype: "NETFILTER_XT_MATCH_ADDRTYPE",
  // NETFILTER_XT_MATCH_MARK is its older name, which a kernel may be without
  mark: "NETFILTER_XT_MARK",
} as const;

/** What the kernel lacks of that which kube-proxy's rules need. */
export function kernelFindings(facts: Facts): Finding[] {
  const unit = k3sUnitOf(facts);
  const started = facts.units?.find(({ name }) => name === `${unit}.service`)?.started;
  const said = linesSince(facts.journal[unit] ?? [], started).flatMap((line) => {
    const [, one, other] =
      /[Cc]ouldn't load match `(\w+)'|[Ee]xtension (\w+) revision \d+ not supported, missing kernel module/.exec(
        line,
      ) ?? [];
    const name = one ?? other;
    // what was said before the module was loaded is over
    return name === undefined || facts.kernel?.modules.includes(`xt_${name}`) ? [] : [{ name, line }];
  });
  const needed = hasIptablesProxy(facts) ? Object.entries(matches) : [];
  const unset = needed.flatMap(([name, option]) =>
    facts.kernel?.config[option] === "n" ? [{ name, line: `kernel: # CONFIG_${option} is not set` }] : [],
  );
  return [...said, ...unset].map(({ name, line }) => {
    const option =
      Object.entries(matches).find(([match]) => match === name)?.[1] ?? `NETFILTER_XT_MATCH_${name.toUpperCase()}`;
    return finding("kernel-without-match", { option, module: `xt_${name}` }, { evidence: [line] });
  });
}
