import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  editUfwRules,
  firewalldPolicy,
  firewalldZone,
  parseUfwRules,
  policyPorts,
  ufwRules,
  zoneSources,
} from "./firewall-rules";

const openings = { ports: ["6443/tcp", "30000-32767/udp"], networks: ["10.42.0.0/16", "fd00:42::/56"] };

describe("firewalld", () => {
  it("gets a policy with the ports and a zone with the networks", () => {
    const policy = firewalldPolicy(openings) ?? "";
    expect(policy).toContain('<ingress-zone name="ANY"/>\n  <egress-zone name="HOST"/>');
    expect(policyPorts(policy)).toEqual(openings.ports);
    const zone = firewalldZone(openings) ?? "";
    expect(zone).toContain('<zone target="ACCEPT">');
    expect(zoneSources(zone)).toEqual(openings.networks);
  });

  it("gets no file without anything in it", () => {
    expect(firewalldPolicy({ ...openings, ports: [] })).toBeUndefined();
    expect(firewalldZone({ ...openings, networks: [] })).toBeUndefined();
  });
});

describe("ufw", () => {
  const rules = "*filter\n:ufw-before-input - [0:0]\n-A ufw-before-input -i lo -j ACCEPT\n\nCOMMIT\n";

  it("gets a block before the end of its table", () => {
    const mine = ufwRules(openings, 4);
    expect(mine).toEqual([
      "-A ufw-before-input -p tcp --dport 6443 -j ACCEPT",
      "-A ufw-before-input -p udp --dport 30000:32767 -j ACCEPT",
      "-A ufw-before-input -s 10.42.0.0/16 -j ACCEPT",
      "-A ufw-before-forward -s 10.42.0.0/16 -j ACCEPT",
      "-A ufw-before-forward -d 10.42.0.0/16 -j ACCEPT",
    ]);
    expect(ufwRules(openings, 6).at(-1)).toBe("-A ufw6-before-forward -d fd00:42::/56 -j ACCEPT");
    const edited = editUfwRules(rules, mine);
    expect(edited).toBe(rules.replace("COMMIT", `# begin k3s-board\n${mine.join("\n")}\n# end k3s-board\nCOMMIT`));
    expect(parseUfwRules(edited)).toEqual(mine);
  });

  it("has its file back to the byte, and one block only", () => {
    const tables = fc.constantFrom("*nat\n-A POSTROUTING -j ACCEPT\nCOMMIT\n", "# a comment\n", rules);
    const ports = fc.uniqueArray(fc.constantFrom("1/tcp", "2/udp", "3-4/tcp"), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(tables), ports, ports, (parts, some, others) => {
        const text = parts.join("");
        const [first, second] = [some, others].map((list) => ufwRules({ ports: list, networks: [] }, 4));
        const edited = editUfwRules(editUfwRules(text, first ?? []), second ?? []);
        expect(editUfwRules(edited, [])).toBe(text);
        expect(parseUfwRules(edited)).toEqual(text.includes("*filter") ? second : []);
      }),
    );
  });
});
