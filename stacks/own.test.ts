import { describe, expect, it } from "vitest";
import { stages } from "../components/hooks/config";
import {
  before,
  boardSays,
  coredns,
  deploy,
  deployKubeadm,
  fileOf,
  find,
  good,
  healthy,
  inClear,
  lacks,
  registered,
  secrets,
  web,
  withK3s,
} from "./mocked-engine";

describe("what is the user's own", () => {
  const shop = { yaml: "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: shop }\n" };
  const everywhere = Object.fromEntries<object>(
    stages.flatMap((stage) => [
      [`b-${stage}`, { before: stage, create: `echo ${stage}` }],
      [`a-${stage}`, { after: stage, create: `echo ${stage}` }],
    ]),
  );

  /** Each resource waits for all of the groups before its own. */
  const expectOrder = (groups: readonly (readonly string[])[]) => {
    groups.forEach((group, index) => {
      for (const name of group)
        expect([...before(name)], name).toEqual(expect.arrayContaining(groups.slice(0, index).flat()));
    });
  };

  it("runs hooks between the stages, one after the other", async () => {
    const sysctls = { sysctls: { "vm.swappiness": 10 } };
    const board = { ...good.board, prerequisites: sysctls };
    await deploy({ board, hooks: everywhere, manifests: { web }, workloads: { shop } });
    expectOrder([
      ["board-sysctls", "hook-b-registry"],
      ["registry-binary", "registry-service", "hook-a-registry"],
      ["hook-b-images"],
      [coredns, "hook-a-images"],
      ["hook-b-k3s"],
      ["k3s-data", "k3s-service", "hook-a-k3s"],
      ["hook-b-manifests"],
      ["manifest-web", "hook-a-manifests"],
      ["hook-b-ready"],
      ["ready", "hook-a-ready"],
      ["hook-b-workloads"],
      ["workload-shop", "hook-a-workloads"],
    ]);
    expect([...before("ready")]).not.toContain("hook-a-ready");
  });

  it("runs every hook of a kubeadm stack, which has no manifests to run one before", async () => {
    const w1 = { host: "w1.example", arch: "riscv64", hostKey: "ssh-ed25519 BBBB" };
    boardSays(healthy, { "w1.example": { hostname: "one", address: "192.0.2.8" } });
    await deployKubeadm({ cni: { kind: "flannel" } }, { hooks: everywhere, agents: { w1 }, workloads: { shop } });
    expect(registered.filter(({ name }) => name.startsWith("hook-"))).toHaveLength(Object.keys(everywhere).length);
    expectOrder([
      ["kubeadm-control-plane", "hook-a-k3s"],
      ["hook-b-manifests"],
      ["hook-a-manifests"],
      ["hook-b-ready"],
      ["ready", "hook-a-ready"],
      ["hook-b-workloads"],
      ["workload-shop", "hook-a-workloads"],
    ]);
    expect([...before("hook-b-manifests")].filter((name) => name.startsWith("agent-w1"))).toEqual([]);
  });

  it("runs hooks where there is no registry", async () => {
    const hooks = { first: { before: "registry", create: "true" }, then: { after: "registry", create: "true" } };
    await deploy({ hooks, delivery: "airgap" });
    expect([...before("hook-then")]).toContain("hook-first");
    expect([...before("k3s-data")]).toContain("hook-then");
  });

  it("pins the host key, and keeps what a hook gets on standard input secret", async () => {
    const stdin = "hook-secret-1";
    await deploy({ hooks: { login: { after: "ready", create: "cat", delete: "rm x", stdin, triggers: ["1"] } } });
    const hook = find("hook-login");
    expect(JSON.stringify(hook?.inputs)).toContain("ssh-ed25519 AAAA");
    const clear = inClear(hook?.inputs);
    for (const secret of [stdin, ...Object.values(secrets)]) expect(JSON.stringify(clear)).not.toContain(secret);
    expect(clear).toMatchObject({ connection: "[secret]", triggers: ["cat", "[secret]", "1"], logging: "none" });
    expect(hook?.secretOutputs).toEqual(expect.arrayContaining(["connection", "stdin", "stdout", "stderr"]));
  });

  it("deploys workloads with the stack's kubeconfig, which stays secret", async () => {
    await deploy({ workloads: { shop } });
    const cluster = find("workload-cluster");
    expect(cluster?.inputs.kubeconfig).toMatchObject({ value: "kubeconfig-text-1" });
    expect(inClear(cluster?.inputs)).toMatchObject({ kubeconfig: "[secret]" });
    expect(find("workload-shop")?.inputs).toMatchObject({ yaml: shop.yaml });
    expect([...before("workload-shop")]).toContain("ready");
  });

  it.each(["retag", "airgap"])("has pods take what %s has put into containerd", async (delivery) => {
    const yaml =
      "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: c, image: shop/app }] }\n";
    const images = { "shop/app:latest": { kind: "goDirectory", directory: "./examples/hello" } };
    await deploy({ delivery, images, manifests: { pod: { yaml } } });
    const policy = { retag: "Never", airgap: "IfNotPresent" }[delivery];
    for (const name of ["manifest-pod", "manifest-pod-objects"])
      expect(find(name)?.inputs.content).toContain(`image: shop/app\n      imagePullPolicy: ${policy}\n`);
  });

  it("leaves skipped components to whoever deployed them", async () => {
    await deploy(withK3s({ skip: ["traefik"] }));
    const path = "/var/lib/rancher/k3s/server/manifests/traefik.yaml.skip";
    expect(find("k3s-skip-traefik")?.inputs).toMatchObject({ path, content: "" });
    expect([...before("k3s-service")]).toContain("k3s-skip-traefik");
    expect(find("ready")?.inputs.deployments).not.toContain("kube-system/traefik");
    expect(fileOf("k3s-service", "10-k3s-board.conf")).not.toContain("--disable");
    await expect(deploy(withK3s({ skip: ["traefik"], disable: ["traefik"] }))).rejects.toThrow(/k3s.disable too/);
    await expect(deploy(withK3s({ skip: ["coredns"], coredns: "custom" }))).rejects.toThrow(/k3s.coredns is custom/);
  });

  it("says what is not installed before anything is touched", async () => {
    lacks([
      { path: "hooks", reason: "needs @pulumi/command" },
      { path: "workloads", reason: "needs @pulumi/kubernetes" },
    ]);
    const hooks = { one: { after: "ready", create: "true" } };
    await expect(deploy({ hooks, workloads: { shop } })).rejects.toThrow(
      /hooks: needs @pulumi\/command\n {2}workloads: needs @pulumi\/kubernetes/,
    );
    expect(registered).toEqual([]);
  });
});
