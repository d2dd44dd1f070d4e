/** Ports and networks that a firewall lets in. */
export interface Openings {
  /** `6443/tcp`, `30000-32767/tcp`; in order. */
  readonly ports: readonly string[];
  /** Networks whose traffic to the board and through it is let pass: `10.42.0.0/16`; in order. */
  readonly networks: readonly string[];
}

/** A port or a range of ports with its protocol. */
export const portPattern = /^\d{1,5}(?:-\d{1,5})?\/(tcp|udp|sctp)$/;

/** Whether a name is that of a port, not of a network. */
export function isPort(name: string): boolean {
  return portPattern.test(name);
}

/** A network of IPv4 or IPv6. */
export const networkPattern = /^[0-9a-fA-F.:]+\/\d{1,3}$/;

function portOf(port: string): { numbers: string; protocol: string } {
  const [numbers = "", protocol = ""] = port.split("/");
  return { numbers, protocol };
}

/** A policy of firewalld, from every zone to the host (firewalld.policy(5)); `undefined` without ports. */
export function firewalldPolicy({ ports }: Openings): string | undefined {
  if (ports.length === 0) return undefined;
  const lines = ports.map((port) => {
    const { numbers, protocol } = portOf(port);
    return `  <port port="${numbers}" protocol="${protocol}"/>\n`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<policy priority="-1" target="CONTINUE">
  <short>k3s-board</short>
  <ingress-zone name="ANY"/>
  <egress-zone name="HOST"/>
${lines.join("")}</policy>
`;
}

/** A zone of firewalld that lets everything of these networks in, as its zone `trusted` does (firewalld.zone(5)); `undefined` without networks. */
export function firewalldZone({ networks }: Openings): string | undefined {
  if (networks.length === 0) return undefined;
  const lines = networks.map((network) => `  <source address="${network}"/>\n`);
  return `<?xml version="1.0" encoding="utf-8"?>
<zone target="ACCEPT">
  <short>k3s-board</short>
${lines.join("")}</zone>
`;
}

/** Addresses of sources in a zone's file. */
export function zoneSources(text: string): string[] {
  return [...text.matchAll(/<source\s[^>]*?address="([^"]+)"/g)].map((match) => match[1] ?? "");
}

/** Ports in a policy's file. */
export function policyPorts(text: string): string[] {
  return [...text.matchAll(/<port\s+port="([^"]+)"\s+protocol="([^"]+)"/g)].map((match) => `${match[1]}/${match[2]}`);
}

const begin = "# begin k3s-board";
const end = "# end k3s-board";

/** Prefix of ufw's chains, by family (ufw-framework(8)). */
const chains = { 4: "ufw", 6: "ufw6" } as const;

/** Rules for `before.rules`, or `before6.rules`: networks of the other family are left out. */
export function ufwRules({ ports, networks }: Openings, family: 4 | 6): string[] {
  const prefix = chains[family];
  const mine = networks.filter((network) => network.includes(":") === (family === 6));
  return [
    ...ports.map((port) => {
      const { numbers, protocol } = portOf(port);
      return `-A ${prefix}-before-input -p ${protocol} --dport ${numbers.replace("-", ":")} -j ACCEPT`;
    }),
    ...mine.flatMap((network) => [
      `-A ${prefix}-before-input -s ${network} -j ACCEPT`,
      `-A ${prefix}-before-forward -s ${network} -j ACCEPT`,
      `-A ${prefix}-before-forward -d ${network} -j ACCEPT`,
    ]),
  ];
}

/**
 * ufw's own file for rules before those of its command, with a block of ours, or without one where there are no rules. Ours come before the end of
 * the table `filter`; a file without that table stays as it is.
 */
export function editUfwRules(text: string, rules: readonly string[]): string {
  const without = text.replace(new RegExp(`^${begin}\n(?:.*\n)*?${end}\n`, "m"), "");
  if (rules.length === 0) return without;
  const filter = without.search(/^\*filter$/m);
  const commit = filter < 0 ? -1 : without.indexOf("\nCOMMIT", filter);
  if (commit < 0) return without;
  return `${without.slice(0, commit + 1)}${begin}\n${rules.join("\n")}\n${end}\n${without.slice(commit + 1)}`;
}

/** Rules of our block. */
export function parseUfwRules(text: string): string[] {
  const block = new RegExp(`^${begin}\n((?:.*\n)*?)${end}\n`, "m").exec(text)?.[1] ?? "";
  return block.split("\n").filter((line) => line !== "");
}
