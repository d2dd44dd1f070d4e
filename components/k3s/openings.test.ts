import { expect, it } from "vitest";
import { requiredPorts } from "../board/prerequisites/ports";
import { k3sOpenings } from "./openings";

const version = "v1.36.3+k3s1";
const networks = ["10.42.0.0/16", "10.43.0.0/16"];

it.each([
  ["k3s server", "server"],
  ["k3s agent", "agent"],
] as const)("is what the documentation asks of a %s where nothing is configured", (name, role) => {
  expect(k3sOpenings({ version, config: {} }, role)).toEqual({
    ports: requiredPorts[name].map(({ port }) => port),
    networks,
  });
});

it.each([
  ["another port", { "https-listen-port": 7443 }, ["7443/tcp", "10250/tcp", "8472/udp"]],
  ["no overlay", { "flannel-backend": "host-gw" }, ["6443/tcp", "10250/tcp"]],
  ["WireGuard", { "flannel-backend": "wireguard-native" }, ["6443/tcp", "10250/tcp", "51820/udp", "51821/udp"]],
  ["a supervisor of its own", { "supervisor-port": 9345 }, ["6443/tcp", "9345/tcp", "10250/tcp", "8472/udp"]],
  ["embedded etcd", { "cluster-init": true }, ["6443/tcp", "10250/tcp", "8472/udp", "2379-2380/tcp"]],
])("follows the configuration: %s", (_title, config, ports) => {
  expect(k3sOpenings({ version, config }, "server")).toEqual({ ports, networks });
});

it("has etcd's ports where the stack has further servers, and no agent has them", () => {
  const several = { embeddedEtcd: true };
  expect(k3sOpenings({ version, config: {} }, "server", several).ports).toContain("2379-2380/tcp");
  expect(k3sOpenings({ version, config: {} }, "agent", several).ports).not.toContain("2379-2380/tcp");
});

it("trusts the networks of a cluster with two families", () => {
  const config = { "cluster-cidr": "10.50.0.0/16,fd00:50::/56", "service-cidr": "10.51.0.0/16" };
  expect(k3sOpenings({ version, config }, "agent").networks).toEqual(["10.50.0.0/16", "fd00:50::/56", "10.51.0.0/16"]);
});
