import type { Seen } from "../kind";
import type { Openings } from "./firewall-rules";
import { isEnabled, parseUnits, type UnitFound, unitsFragment } from "./units";

export const ufwFile = "/etc/ufw/ufw.conf";

/** The firewalls of a board, as they run. */
export interface Firewalls {
  /** `undefined` where it is not installed, or masked. */
  readonly firewalld: UnitFound | undefined;
  readonly ufw: UnitFound | undefined;
  /** Whether this firewalld has policies (0.9 and newer). */
  readonly hasPolicies: boolean;
  /** Whether ufw's rules are to be in force when its service is up. */
  readonly ufwIsOn: boolean;
  /** What firewalld has loaded. */
  readonly loaded: Openings;
  /** Rules that ufw has loaded, as it writes them. */
  readonly rules: readonly string[];
}

const bus = "org.fedoraproject.FirewallD1 /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1";

/** Prints what {@link sourcesIn} reads, where firewalld runs. firewall-cmd starts a Python for each question, which takes seconds on a board: the bus is asked. */
export const sourcesFragment = `for zone in k3s-board trusted; do echo "sources=$(busctl call ${bus}.zone getSources s $zone 2>/dev/null)"; done`;

/** Networks from which firewalld lets everything in: those of its zone `trusted` and of ours. */
export function sourcesIn(output: string): string[] {
  const lines = output.split("\n").filter((line) => line.startsWith("sources="));
  return lines.flatMap((line) => [...line.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? ""));
}

/** Prints what {@link firewallsIn} reads. */
export const firewallsFragment = `${unitsFragment(["firewalld.service", "ufw.service"])}
echo
[ ! -d /usr/lib/firewalld/policies ] || echo policies=yes
if systemctl is-active -q firewalld.service; then
  ${sourcesFragment}
  echo "ports=$(busctl call ${bus}.policy getPolicySettings s k3s-board 2>/dev/null)"
fi
if systemctl is-active -q ufw.service; then
  for chain in input forward; do iptables -w -S ufw-before-$chain; ip6tables -w -S ufw6-before-$chain; done 2>/dev/null
fi`;

/** Reads what {@link firewallsFragment} printed. */
export function firewallsIn({ output, files }: Pick<Seen, "output" | "files">): Firewalls {
  const units = parseUnits(output).filter(({ load }) => load === "loaded");
  const lines = output.split("\n");
  return {
    firewalld: units.find(({ id }) => id === "firewalld.service"),
    ufw: units.find(({ id }) => id === "ufw.service"),
    hasPolicies: lines.includes("policies=yes"),
    ufwIsOn: /^ENABLED=["']?yes["']?\s*$/m.test(files[ufwFile] ?? ""),
    loaded: {
      ports: lines
        .filter((line) => line.startsWith("ports="))
        .flatMap((line) =>
          [...line.matchAll(/"(\d+(?:-\d+)?)" "(tcp|udp|sctp)"/g)].map((match) => `${match[1]}/${match[2]}`),
        ),
      networks: sourcesIn(output),
    },
    // iptables writes `-m tcp` between protocol and port, and the source first.
    rules: lines.filter((line) => line.startsWith("-A ufw")).map((line) => line.replace(/ -m (tcp|udp|sctp)/, "")),
  };
}

/** The firewalls that are on, now or at boot. */
export function firewallsOn({ firewalld, ufw, ufwIsOn }: Firewalls): UnitFound[] {
  const isOn = (unit: UnitFound) => unit.isUp || isEnabled(unit);
  return [
    ...(firewalld !== undefined && isOn(firewalld) ? [firewalld] : []),
    ...(ufw !== undefined && ufwIsOn && isOn(ufw) ? [ufw] : []),
  ];
}
