import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conflist } from "../../components/kubeadm/cni/conflist";
import { criDockerd } from "../../components/kubeadm/runtime/cri-dockerd-source";
import {
  criDockerDropIn,
  criDockerPaths,
  criDockerSocket,
  criDockerUnit,
} from "../../components/kubeadm/runtime/cri-dockerd-unit";
import { dockerFiles } from "../../components/kubeadm/runtime/docker";
import { diagnose } from "../../doctor/diagnose";
import type { Finding } from "../../doctor/findings";
import { gather } from "../../doctor/gather/gather";
import { readFacts } from "../../doctor/read/facts";
import { downBoard, type EmulatedBoard, upBoards } from "../../emulator/board";
import { partBuilds } from "../../emulator/launcher-build";
import { file } from "../../provider/files/file";
import { distributionPackage } from "../../provider/packages/package";
import type { Context } from "../../provider/resource";
import { sampleContext } from "../../provider/sample-context";
import { Boards } from "../../provider/ssh/boards";
import { connectionArgs, type Connection } from "../../provider/ssh/connection-args";
import { systemdService } from "../../provider/systemd/service";
import { buildGo } from "../../tools/go";
import { terminalProgress } from "../../tools/progress";
import { checked } from "../provider/board";
import { onBoard } from "../stack/board-view";

const name = "cri-dockerd";
const binary = process.env.CRI_DOCKERD_BINARY;
const podSubnet = "10.5.0.0/16";
const program = "/usr/local/bin/cri-dockerd";
const sandboxImage = "localhost/sandbox:1";

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
readOnlyPort: 10255
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
cgroupDriver: systemd
containerRuntimeEndpoint: unix:///var/run/cri-dockerd.sock
staticPodPath: /etc/kubernetes/manifests
`;

const pod = (podName: string) => `apiVersion: v1
kind: Pod
metadata: { name: ${podName}, namespace: default }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - { name: web, image: "localhost/busybox:1", imagePullPolicy: Never, command: [/busybox, httpd, -f, -p, "8080"] }
`;

/** Images of the board's own busybox, so that no registry is needed: one for the sandbox, one for the pod. */
const images = `set -e; mkdir -p /tmp/image; cp "$(command -v busybox)" /tmp/image/busybox
tar -C /tmp/image -c busybox | docker import --change 'ENTRYPOINT ["/busybox", "sleep", "2147483647"]' - ${sandboxImage}
tar -C /tmp/image -c busybox | docker import - localhost/busybox:1`;

/**
 * Debian's Docker and a cri-dockerd that was given, on an emulated board, with kubelet alone: what its pods' network is shows without a control
 * plane. Runs where CRI_DOCKERD_BINARY names a cri-dockerd for riscv64; test/provider/cri-dockerd.test.ts has what can be seen without one.
 */
describe.skipIf(binary === undefined).sequential("cri-dockerd with Debian's Docker", () => {
  let board: EmulatedBoard;
  let connection: Connection;
  let context: Context;
  const boards = new Boards();
  const sh = (script: string) => onBoard(board, script);

  beforeAll(async () => {
    await downBoard(name);
    [board] = (await upBoards([name], { architecture: "riscv64", k3s: false }, terminalProgress())) as [EmulatedBoard];
    const { host, port, user, identity, hostKeys } = board;
    connection = connectionArgs.parse({ host, port, user, identity, hostKeys });
    context = sampleContext({}, [], { board: (wanted) => Promise.resolve(boards.at(wanted)) });
    for (const one of ["docker.io", "docker-cli", "containernetworking-plugins", "busybox-static"])
      await distributionPackage.create(context, await checked(distributionPackage, { connection, name: one }));
    await systemdService.create(
      context,
      await checked(systemdService, {
        connection,
        name: "docker",
        files: dockerFiles({ cgroupDriver: "systemd", registryMirrors: [], insecureRegistries: [] }, {}),
        timeoutSeconds: 300,
      }),
    );
    await sh(images);
    await systemdService.create(context, await service());
    const [kubernetes] = partBuilds("riscv64");
    if (kubernetes === undefined) throw new Error("no kubelet is built");
    const { path } = await buildGo(kubernetes, terminalProgress());
    for (const given of [
      { path: "/usr/local/bin/kubelet", source: path, mode: "0755" },
      { path: "/var/lib/kubelet/config.yaml", content: kubeletConfig },
      {
        path: "/etc/cni/net.d/10-test.conflist",
        content: conflist({ name: "test", subnet: podSubnet, ipMasq: true }),
      },
      { path: "/etc/kubernetes/manifests/first.yaml", content: pod("first") },
    ])
      await file.create(context, await checked(file, { connection, ...given }));
    await sh("systemd-run -q --unit=kubelet /usr/local/bin/kubelet --config=/var/lib/kubelet/config.yaml");
  });

  afterAll(async () => {
    boards.close();
    await downBoard(name);
  });

  async function service() {
    const given = await criDockerd({ kind: "path", path: binary ?? "" }, "riscv64", terminalProgress());
    if (given.kind !== "file") throw new Error("expected a file");
    const dropIn = criDockerDropIn({ binary: program, sandboxImage, cniBinDirs: ["/opt/cni/bin", "/usr/lib/cni"] });
    return checked(systemdService, {
      connection,
      name: "cri-docker",
      unit: criDockerUnit(program),
      program: { path: program, source: given.local },
      files: [
        { path: criDockerPaths.dropIn, content: dropIn },
        { path: criDockerPaths.socket, content: criDockerSocket() },
      ],
      timeoutSeconds: 300,
    });
  }

  /** The pod's address, once it runs. */
  const address = (podName: string) =>
    sh(`for i in $(seq 100); do
  ip=$(curl -s http://127.0.0.1:10255/pods | tr '{' '\\n' | grep -A40 '"name":"${podName}-' | grep -o '"podIP":"[0-9.]*"' | head -n 1 | cut -d'"' -f4)
  [ -z "$ip" ] || { echo $ip; exit; }; sleep 1; done; journalctl -u kubelet -u cri-docker -n 30 --no-pager -o cat >&2; exit 1`);

  /** A new pod's address: one that runs keeps the network that it began with. */
  async function newPod(podName: string): Promise<string> {
    await sh(`cat >/etc/kubernetes/manifests/${podName}.yaml <<'POD'\n${pod(podName)}POD`);
    return address(podName);
  }

  async function findings(): Promise<Finding[]> {
    return diagnose(readFacts(await gather(boards.at(connection))));
  }
  const plugin = async () => (await findings()).find(({ id }) => id === "network-plugin-none");

  it("networks pods in podSubnet", async () => {
    expect(await address("first")).toMatch(/^10\.5\./);
    expect(await plugin()).toBeUndefined();
  });

  it("says what is wrong where the network plugin is taken away by hand, and mends it", async () => {
    const wanted = await service();
    // a cri-dockerd from 0.2.5 on takes cni where nothing is named: none has to be asked for
    await sh(`sed -i 's/--network-plugin=cni/--network-plugin=/' ${criDockerPaths.dropIn}
systemctl daemon-reload; systemctl restart cri-docker`);
    expect(await newPod("second")).toMatch(/^172\.17\./);
    const found = await plugin();
    expect(found?.sentence).toContain("pods are in Docker's own network (172.17.0.0/16)");
    expect(found?.evidence[0]).toContain("networking managed by network plugin kubernetes.io/no-op");

    const { state } = await systemdService.create(context, wanted);
    expect(await systemdService.diff(state, wanted, () => false)).toMatchObject({ changed: [] });
    expect(await newPod("third")).toMatch(/^10\.5\./);
    expect(await plugin()).toBeUndefined();
  });

  it("goes without a trace", async () => {
    const wanted = await service();
    const { id, state } = await systemdService.create(context, wanted);
    await systemdService.delete(context, id, state);
    expect(
      await sh(`ls ${program} /etc/systemd/system/cri-docker.* /run/cri-dockerd.sock 2>&1 | grep -v 'No such file'; :`),
    ).toBe("");
  });
});
