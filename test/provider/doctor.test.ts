import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle, writeBundle } from "../../doctor/bundle";
import { diagnose } from "../../doctor/diagnose";
import type { Facts } from "../../doctor/facts";
import { gather } from "../../doctor/gather/gather";
import { readFacts } from "../../doctor/read/facts";
import { startTestBoard, type TestBoard } from "./board";
import { startCutProxy } from "./cut-proxy";

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("doctor");
});
afterAll(() => test.end());

/** What of the board's files a question could have changed. */
const files = () =>
  test.sh(
    "find /etc /usr/local /var/lib/rancher /root -xdev -type f -printf '%p %T@ %s\\n' 2>/dev/null | sort | sha256sum",
  );

const look = async () => {
  const other = test.another();
  const { board } = other;
  const before = Date.now();
  try {
    const gathered = await gather(board, ["s3cret-token"]);
    return {
      gathered,
      facts: readFacts(gathered),
      roundTrips: board.roundTrips,
      seconds: (Date.now() - before) / 1000,
    };
  } finally {
    other.close();
  }
};

const root = resolve(__dirname, "../..");

/** `npm run doctor -- …`. */
function run(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const start = ["--require", join(root, "tools/typescript.cjs"), join(root, "cli/main.ts"), "doctor", ...args];
  const child = spawn(process.execPath, start, { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  return new Promise((resolved, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolved({ code, ...said }));
  });
}

/** The same for the test's board. */
function command(...args: readonly string[]) {
  const { host, port, user, identity, hostKeys } = test.nspawn;
  const login = ["--host", `${user}@${host}:${port}`, "--identity", identity, "--host-key", hostKeys[0] ?? ""];
  return run(...login, ...args);
}

/** What a container as a board cannot help: its part of the cgroups may be without memory, its disk is this machine's. */
const ofContainers = ["memory-cgroup-off", "disk-full"];
const errors = (facts: Facts) =>
  diagnose(facts).flatMap(({ id, severity }) => (severity === "error" && !ofContainers.includes(id) ? [id] : []));

describe("a board without k3s", () => {
  it("is seen in two batches, unchanged, and told for what it is", async () => {
    const before = await files();
    const { facts, roundTrips } = await look();
    expect(await files()).toBe(before);
    // the connection and two batches; no API server, so no channel to it
    expect(roundTrips).toBeLessThanOrEqual(3);
    expect(facts.host?.machine).toMatch(/^\w+/);
    expect(facts.units?.find(({ name }) => name === "k3s.service")).toMatchObject({
      load: "not-found",
      active: "inactive",
    });
    expect(facts.unseen).toContainEqual({ what: "sandboxes", why: "there is no crictl" });
    expect(facts.unseen).toContainEqual({
      what: "Kubernetes API",
      why: "there is no administrator's kubeconfig on the board: an agent has none",
    });
    expect(errors(facts)).toEqual([]);
    expect(diagnose(facts).map(({ id }) => id)).toContain("k3s-missing");
  });
});

/** Each of these stands in the board's configuration, its environment, its journal or in a file that is read, and must be in no output. */
const planted = {
  token: "pl4nted-token-1",
  registry: "pl4nted-password-2",
  environment: "pl4nted-variable-3",
  key: "cGw0bnRlZC1rZXktNA==",
  network: "tskey-pl4nted-5",
};

/** All base64 in an output, decoded: a secret within it looks like nothing of the secret's own. */
const decoded = (said: string) =>
  [...said.matchAll(/[A-Za-z0-9+/]{16,}/g)].map(([run]) => Buffer.from(run, "base64").toString("latin1")).join("\n");

describe("a board whose k3s does not start and whose crictl hangs", () => {
  beforeAll(async () => {
    // with the directory that k3s unpacks itself to: of one that has not, the doctor asks no tools
    await test.sh(`mkdir -p /etc/rancher/k3s /var/lib/rancher/k3s/data /var/lib/rancher/k3s/agent/etc/containerd/certs.d/docker.io /var/lib/rancher/k3s/server/tls
printf 'token: ${planted.token}\\nwrite-kubeconfig-mode: "0600"\\ndisabel: traefik\\n' >/etc/rancher/k3s/config.yaml
printf 'mirrors:\\n  docker.io:\\n    endpoint: [https://r.lan]\\nconfigs:\\n  r.lan:\\n    auth:\\n      username: puller\\n      password: ${planted.registry}\\n' >/etc/rancher/k3s/registries.yaml
printf 'K3S_AGENT_TOKEN=${planted.environment}\\n' >/etc/systemd/system/k3s.service.env
printf 'apiVersion: v1\\nkind: Config\\nclusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}]\\nusers: [{name: u, user: {client-key-data: ${planted.key}}}]\\ncontexts: [{name: x, context: {cluster: c, user: u}}]\\ncurrent-context: x\\n' >/etc/rancher/k3s/k3s.yaml
chmod 0600 /etc/rancher/k3s/* /etc/systemd/system/k3s.service.env
cat >/usr/local/bin/k3s <<'END'
#!/bin/sh
case $1 in
  crictl) exec sleep 300 ;;
  ctr) echo 'ctr: cannot access socket: connection refused' >&2; exit 1 ;;
  --version) echo 'k3s version v1.36.3+k3s1 (0000000)' ;;
  server) echo 'level=fatal msg="failed with token ${planted.token} and ${planted.registry}: bootstrap data already found and encrypted with different token"'; exit 1 ;;
esac
END
chmod 0755 /usr/local/bin/k3s
printf '[Service]\\nType=exec\\nRestart=no\\nExecStart=/usr/local/bin/k3s server --agent-token ${planted.token} --vpn-auth=name=tailscale,joinKey=${planted.network}\\nEnvironmentFile=/etc/systemd/system/k3s.service.env\\n' >/etc/systemd/system/k3s.service
systemctl daemon-reload; systemctl start k3s || :; sleep 4`);
  });

  it("ends in time and says what it could not see, and what is wrong", async () => {
    const { facts, seconds } = await look();
    expect(seconds).toBeLessThan(60);
    const why = Object.fromEntries(facts.unseen.map((one) => [one.what, one.why]));
    expect(why).toMatchObject({
      sandboxes: "no answer within 12 s",
      containers: "no answer within 12 s",
      "images in containerd": "ctr: cannot access socket: connection refused",
    });
    expect(why["Kubernetes API"]).toMatch(/\S/);
    expect(facts.k3s).toMatchObject({ version: "v1.36.3+k3s1", role: "server" });
    const found = diagnose(facts);
    expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(["token-mismatch", "config-unknown-key"]));
    expect(found.find(({ id }) => id === "token-mismatch")?.hangs[0]).toMatch(/^k3s does not run: /);
    expect(errors(facts)).toEqual(["token-mismatch"]);
  });

  it("has none of the board's secrets in facts, findings or bundle, and the rest of their files", async () => {
    const { facts, gathered } = await look();
    const bundle = writeBundle(facts, gathered);
    const outputs = [
      JSON.stringify(facts),
      JSON.stringify(diagnose(facts)),
      JSON.stringify(gathered),
      bundle.toString("latin1"),
    ];
    for (const secret of Object.values(planted)) {
      expect(outputs.filter((output) => output.includes(secret))).toEqual([]);
    }
    expect(facts.k3s?.files.map(({ path }) => path)).toContain("/etc/rancher/k3s/registries.yaml");
    expect(bundle.toString("latin1")).toContain("username: puller");
    expect(diagnose(await readBundle(bundle))).toEqual(diagnose(facts));
  });

  it("has none of them in what the command prints and writes: text, JSON, page, bundle", async () => {
    const [html, tar] = [join(test.scratch, "page.html"), join(test.scratch, "bundle.tar")];
    const text = await command("--html", html, "--bundle", tar, "--verbose");
    const json = await command("--json");
    expect([text.code, json.code]).toEqual([9, 9]);
    const outputs = {
      text: text.stdout + text.stderr,
      json: json.stdout + json.stderr,
      html: readFileSync(html, "utf8"),
      bundle: readFileSync(tar, "latin1"),
      fromBundle: (await run("--from", tar)).stdout,
    };
    for (const [output, said] of Object.entries(outputs)) {
      // an output that says nothing has no secret in it either; a bundle has facts and no findings
      expect(said, output).toContain(output === "bundle" ? "encrypted with different token" : "token-mismatch");
      for (const [name, secret] of Object.entries(planted)) {
        expect(said.includes(secret), `${name} in ${output}`).toBe(false);
        const encoded = Buffer.from(secret).toString("base64").replace(/=+$/, "");
        expect(said.includes(encoded), `${name} in ${output}, in base64`).toBe(false);
        expect(decoded(said).includes(secret), `${name} in ${output}, in base64 of more`).toBe(false);
      }
    }
    const { findings } = JSON.parse(json.stdout) as { findings: object[] };
    expect(findings).toContainEqual(expect.objectContaining({ id: "token-mismatch", area: "services" }));
    expect(text.stderr).toMatch(/ask +reading 2 files and \d+ other things/);
    expect(text.stderr).toMatch(/\d+ processes started on the board/);
  });

  it.each(["silent", "reset"] as const)(
    "ends in time where the network is cut midway (%s), and tells what it had seen by then",
    async (how) => {
      // one that an earlier look left would be taken for this one's
      await test.sh("pkill -f '^sleep 300' || true");
      const proxy = await startCutProxy(test.connection.port);
      const other = test.another({ port: proxy.port });
      const began = Date.now();
      try {
        const looking = gather(other.board);
        // once crictl hangs, which is asked in the second batch, what is quick has been answered
        await expect
          .poll(() => test.sh("pgrep -f '^sleep 300' || true"), { timeout: 60_000, interval: 200 })
          .not.toBe("");
        proxy.cut(how);
        const facts = readFacts(await looking);
        expect((Date.now() - began) / 1000).toBeLessThan(90);
        expect(facts.host?.machine).toMatch(/^\w+/);
        expect(facts.k3s?.files.map(({ path }) => path)).toContain("/etc/rancher/k3s/config.yaml");
        const why = Object.fromEntries(facts.unseen.map((one) => [one.what, one.why]));
        expect(why.sandboxes).toMatch(/connection broke|cannot be reached|refused|no answer|ECONN|not answer/i);
        expect(why["Kubernetes API"]).toMatch(/\S/);
        // the journal, which knows why, was asked too late; in a container it hangs on the memory cgroup that is not there
        const told = diagnose(facts).flatMap(({ sentence, hangs }) => [sentence, ...hangs]);
        expect(told).toContainEqual(expect.stringMatching(/^k3s does not run/));
      } finally {
        other.close();
        proxy.close();
      }
    },
  );
});
