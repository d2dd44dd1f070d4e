import { quote } from "../ssh/shell";

/**
 * awk that reads `iptables-save` and prints what `iptables-restore --noflush` takes to remove the rules of Kubernetes, CNI plugins, flannel and Calico:
 * their chains (`KUBE-*`, `CNI-*`, `FLANNEL-*`, `cali-*`), the rules of others' chains that lead there, and the few that stand in others' chains under a
 * comment of flannel, Calico or kube-router. Nothing for a table without any. Each table changes at once or not at all, and what is not named here, its
 * counters included, is not touched.
 */
export const firewallDeletions = String.raw`
function ours(chain) { return chain ~ /^(KUBE|CNI|FLANNEL|cali)-/ }
function finish(  i) {
  if (rules != "" || count > 0) {
    printf "%s\n%s", table, rules
    for (i = 1; i <= count; i++) printf "-F %s\n", chains[i]
    for (i = 1; i <= count; i++) printf "-X %s\n", chains[i]
    print "COMMIT"
  }
}
/^\*/ { table = $0; rules = ""; count = 0 }
/^:/ { name = substr($1, 2); if (ours(name)) chains[++count] = name }
/^-A / {
  if (ours($2)) next
  bare = $0
  # what a comment says is no target
  gsub(/"([^"\\]|\\.)*"/, "\"\"", bare)
  if (bare ~ / -[jg] (KUBE|CNI|FLANNEL|cali)-/ || $0 ~ /^[^"]* --comment "?((flanneld|KUBE-ROUTER)[ "]|cali:)/) {
    line = $0
    sub(/^-A /, "-D ", line)
    rules = rules line "\n"
  }
}
/^COMMIT/ { finish() }
`;

/** Tables of nftables that belong to kube-proxy, flannel, Calico and the CNI plugins (their sources name them so), in whatever family. */
const tables = ["kube-proxy", "flannel-ipv4", "flannel-ipv6", "cni_hostport", "cni_plugins_masquerade", "calico"];

/**
 * Shell that takes the firewall rules of a cluster away; sets `failed` where it could not. Both backends of iptables are looked at: a k3s with
 * its own iptables may have written to another one than the board's. A table that somebody else changes meanwhile is tried again.
 */
export const cleanFirewall = `
firewall_deletions=${quote(firewallDeletions)}
for tool in iptables ip6tables iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
  command -v $tool-save >/dev/null 2>&1 && command -v $tool-restore >/dev/null 2>&1 || continue
  for attempt in 1 2 3; do
    deletions=$($tool-save 2>/dev/null | awk "$firewall_deletions")
    [ -n "$deletions" ] || break
    ! printf '%s\\n' "$deletions" | $tool-restore --noflush --wait=30 2>/dev/null || break
    [ $attempt != 3 ] || failed="$failed $tool's-rules"
  done
done
if command -v nft >/dev/null 2>&1; then
  nft list tables 2>/dev/null | grep -E ' (${tables.join("|")})$' | while read -r _ family table; do nft delete table "$family" "$table"; done
  ! nft list tables 2>/dev/null | grep -qE ' (${tables.join("|")})$' || failed="$failed nftables"
fi
if command -v ipset >/dev/null 2>&1; then
  ipset list -n 2>/dev/null | grep -E '^((inet6:)?KUBE-|cali[46]0)' | while read -r set; do ipset destroy "$set"; done
fi`;
