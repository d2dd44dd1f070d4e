import { describe, expect, it } from "vitest";
import { redaction, secretsOfEnvironment, secretsOfYaml } from "./redaction";

const registries = `mirrors:
  docker.io:
    endpoint: ["https://r.lan:5000"]
configs:
  "r.lan:5000":
    auth:
      username: puller
      password: pl4nted-pass
`;

describe("secrets of configuration", () => {
  it("are behind the keys that k3s knows", () => {
    expect(secretsOfYaml(registries)).toEqual(["pl4nted-pass"]);
    expect(secretsOfYaml("token: pl4nted\nagent-token: other12\nnode-name: board\n")).toEqual(["pl4nted", "other12"]);
    expect(secretsOfYaml("- no: [map")).toEqual([]);
    expect(secretsOfEnvironment("K3S_TOKEN='pl4nted'\nK3S_URL=https://a:6443\nK3S_TOKEN_FILE=/x\n")).toEqual([
      "pl4nted",
    ]);
  });
  it("are in every variable that k3s reads one from", () => {
    const variables =
      "AWS_ACCESS_KEY_ID=AKIApl4nted\nAWS_SECRET_ACCESS_KEY=/pl4nted+key\nK3S_VPN_AUTH=name=tailscale,joinKey=tskey-1\n";
    expect(secretsOfEnvironment(variables)).toEqual(["AKIApl4nted", "/pl4nted+key", "name=tailscale,joinKey=tskey-1"]);
  });
});

describe("redaction", () => {
  const redact = redaction(["pl4nted-pass"]);
  it("takes known secrets out of any text", () => {
    expect(redact("login with pl4nted-pass failed")).toBe("login with *** failed");
  });
  it.each([
    ["token: abc\n", 'token: "***"\n'],
    ["    password: 'abc def'\n", "    password: '***'\n"],
    ["agent-token: abc", 'agent-token: "***"'],
    ["K3S_TOKEN=abc", "K3S_TOKEN=***"],
    ['password = "abc"', 'password = "***"'],
    ["client-key-data: LS0tLS1", 'client-key-data: "***"'],
  ])("hides values in files: %j", (text, expected) => expect(redact(text, true)).toBe(expected));

  it("leaves the rest of a file as it is", () => {
    expect(redact(registries, true)).toBe(registries.replace("pl4nted-pass", '"***"'));
  });
  it("knows secrets by their shape in any text", () => {
    const token = `K10${"a1".repeat(32)}::server:pl4nt`;
    expect(redact(`k3s agent --token ${token} --server https://a:6443`)).toBe(
      "k3s agent --token *** --server https://a:6443",
    );
    expect(redact("k3s server --token short --debug")).toBe("k3s server --token *** --debug");
    expect(redact("https://user:hunter2@r.lan/v2/")).toBe("https://user:***@r.lan/v2/");
    expect(redact('Authorization: Basic dXNlcjpwYXNz"')).toBe('Authorization: ***"');
    expect(redact("a -----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY----- b")).toBe("a *** b");
  });
  it.each([
    ["--vpn-auth=name=tailscale,joinKey=tskey-a,extraArgs=--ssh ; x", "--vpn-auth=*** ; x"],
    ["--vpn-auth name=tailscale,joinKey=tskey-a --debug", "--vpn-auth *** --debug"],
    ["'--token' 'two words' '--debug'", "'--token' '***' '--debug'"],
    ["--etcd-s3-secret-key=/abc,def} --debug", "--etcd-s3-secret-key=*** --debug"],
    ["-token abc;d --debug", "-token *** --debug"],
    [
      "argv[]=/usr/local/bin/k3s agent --debug -t abc,d -s https://a:6443",
      "argv[]=/usr/local/bin/k3s agent --debug -t *** -s https://a:6443",
    ],
    ['msg="run k3s agent --token=abc,d"', 'msg="run k3s agent --token=***"'],
    ["k3s server --token-file /x/y --vpn-auth-file=/z", "k3s server --token-file /x/y --vpn-auth-file=/z"],
    ["iptables -t nat -L", "iptables -t nat -L"],
  ])("hides whole values of k3s's secret flags: %j", (line, expected) => expect(redact(line)).toBe(expected));
  it("hides the parts of a secret, and not the words of any text that are among them", () => {
    const known = ["postgres://k3s:pl4nted@db:5432/k3s?sslmode=disable", "name=tailscale,joinKey=tskey-1"];
    const text = "disable: traefik; tailscale said: no joinKey tskey-1; dial postgres://k3s:pl4nted@db:5432/k3s";
    expect(redaction(known)(text)).toBe("disable: traefik; tailscale said: no joinKey ***; dial ***");
  });
  it("leaves sentences as they are", () => {
    const message = "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized";
    expect(redact(message)).toBe(message);
    expect(redact("token CA hash does not match the Cluster CA certificate hash: a != b")).toContain(
      "hash does not match",
    );
  });
});
