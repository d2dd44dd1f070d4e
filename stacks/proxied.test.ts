import { expect, it } from "vitest";
import { before, deploy, fileOf, find, good, inClear, registered, secrets, withK3s } from "./mocked-engine";

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

it("shows a proxy without a login, and what is asked directly", async () => {
  await deploy({ board: { ...good.board, proxy: { https: "http://proxy.lan:3128", noProxy: [".lan"] } } });
  expect(fileOf("k3s-service", "k3s-board-proxy.env")).toBe(
    'HTTPS_PROXY="http://proxy.lan:3128"\nNO_PROXY="localhost,127.0.0.0/8,::1,10.42.0.0/16,10.43.0.0/16,.svc,.cluster.local,192.0.2.7,licheepi,127.0.0.1,.lan"\n',
  );
  expect(find("board-apt-proxy")?.inputs).toMatchObject({ mode: "0644" });
});
