import { describe, expect, it } from "vitest";
import {
  before,
  boardSays,
  deploy,
  deployKubeadm,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  k3s,
  registered,
  secrets,
  withK3s,
} from "./mocked-engine";

it("tells k3s, apt and Docker of a proxy whose login is nobody else's business", async () => {
  const proxy = { http: `http://me:${secrets.password}@proxy.lan:3128`, users: ["k3s", "packages", "docker"] };
  await deploy({ board: { ...good.board, proxy }, ...withK3s({ config: { "cluster-cidr": "10.50.0.0/16" } }) });
  expect(fileOf("k3s-service", "20-k3s-board-proxy.conf")).toBe(
    "[Service]\nEnvironmentFile=/etc/rancher/k3s/k3s-board-proxy.env\n",
  );
  expect(fileOf("k3s-service", "k3s-board-proxy.env")).toBe("[secret]");
  expect(find("board-apt-proxy")?.inputs).toMatchObject({ mode: "0600" });
  expect(find("board-docker-proxy")?.inputs).toMatchObject({ name: "docker" });
  expect(JSON.stringify(registered.map(({ inputs }) => inClear(inputs)))).not.toContain(secrets.password);
  expect([...before("registry-binary")]).toContain("board-apt-proxy");
});

it("is not asked for the server at the address at which agents join", async () => {
  const proxy = { http: "http://proxy.lan:3128" };
  await deploy({ board: { ...good.board, proxy }, ...withK3s({ agentServer: "https://k3s.lan:6443" }) });
  expect(fileOf("k3s-service", "k3s-board-proxy.env")).toContain(",licheepi,k3s.lan,127.0.0.1");
});

it("tells dnf where the board has it, and no login", async () => {
  boardSays({ ...healthy, packageManager: "dnf" });
  await deploy({ board: { ...good.board, proxy: { http: "http://proxy.lan:3128" } } });
  expect(find("board-dnf-proxy")?.inputs).toMatchObject({
    kind: "dnfProxy",
    values: { proxy: "http://proxy.lan:3128" },
  });
  expect(find("board-apt-proxy")).toBeUndefined();
  expect([...before("registry-binary")]).toContain("board-dnf-proxy");
});

it("tells dnf of no login", async () => {
  boardSays({ ...healthy, packageManager: "dnf" });
  const proxy = { http: `http://me:${secrets.password}@proxy.lan:3128` };
  await expect(deploy({ board: { ...good.board, proxy } })).rejects.toThrow(
    "board.proxy: dnf has its proxy in a file that every user of the board may read",
  );
  expect(registered).toEqual([]);
});

describe("a proxy of a kubeadm stack", () => {
  const http = "http://proxy.lan:3128";
  const environment = "k3s-board-proxy.env";

  it("is not asked for the private registry, wherever that is", async () => {
    const registry = { kind: "external", url: "https://registry.example:5000" };
    await deployKubeadm({}, { board: { ...good.board, proxy: { http } }, registry });
    expect(fileOf("kubeadm-containerd", environment)).toMatch(/^NO_PROXY=.*,registry\.example"$/m);
  });

  it.each([[["docker"]], [["k3s", "packages"]]])("is Docker's for %j where Docker is the runtime", async (users) => {
    const runtime = { kind: "cri-dockerd", source: { kind: "path", path: k3s } };
    await deployKubeadm({ runtime }, { board: { ...good.board, proxy: { http, users } } });
    expect(fileOf("kubeadm-runtime-docker", environment)).toContain(`HTTP_PROXY="${http}"`);
    expect(find("board-docker-proxy")).toBeUndefined();
  });

  it("is no runtime's where only packages have it", async () => {
    await deployKubeadm({}, { board: { ...good.board, proxy: { http, users: ["packages"] } } });
    expect(fileOf("kubeadm-containerd", environment)).toBeUndefined();
  });
});

describe("mirrors of packages", () => {
  const key = { text: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZw==\n-----END PGP PUBLIC KEY BLOCK-----\n" };
  const lan = { kind: "apt", url: "https://mirror.lan/debian", suites: ["trixie"], key };

  it("are files that are there before anything is installed", async () => {
    await deploy({ board: { ...good.board, packageMirrors: { lan } } });
    expect(find("board-mirror-lan-list")?.inputs).toMatchObject({
      path: "/etc/apt/sources.list.d/k3s-board-lan.sources",
      content: expect.stringContaining("Signed-By: /etc/apt/keyrings/k3s-board-lan.asc") as string,
    });
    expect([...before("registry-binary")]).toEqual(
      expect.arrayContaining(["board-mirror-lan-key", "board-mirror-lan-list"]),
    );
  });

  it.each<[string, object, string]>([
    ["for another package manager", { kind: "dnf", url: lan.url, key }, "it is for dnf, and the board has apt"],
    ["without its key's file", { ...lan, key: { path: "/nonexistent.asc" } }, "board.packageMirrors.lan.key.path"],
  ])("%s are refused before anything is touched", async (_title, mirror, message) => {
    await expect(deploy({ board: { ...good.board, packageMirrors: { lan: mirror } } })).rejects.toThrow(message);
    expect(registered).toEqual([]);
  });
});

it("shows a proxy without a login, and what is asked directly", async () => {
  await deploy({ board: { ...good.board, proxy: { https: "http://proxy.lan:3128", noProxy: [".lan"] } } });
  expect(fileOf("k3s-service", "k3s-board-proxy.env")).toBe(
    'HTTPS_PROXY="http://proxy.lan:3128"\nNO_PROXY="localhost,127.0.0.0/8,::1,10.42.0.0/16,10.43.0.0/16,.svc,.cluster.local,192.0.2.7,licheepi,127.0.0.1,.lan"\n',
  );
  expect(find("board-apt-proxy")?.inputs).toMatchObject({ mode: "0644" });
});
