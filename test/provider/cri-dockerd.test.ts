import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  criDockerDropIn,
  criDockerPaths,
  criDockerSocket,
  criDockerUnit,
} from "../../components/kubeadm/runtime/cri-dockerd-unit";
import { dockerFiles } from "../../components/kubeadm/runtime/docker";
import { diagnose } from "../../doctor/diagnose";
import { gather } from "../../doctor/gather/gather";
import { readFacts } from "../../doctor/read/facts";
import { getFileFunction } from "../../provider/files/get-file";
import { systemdService } from "../../provider/systemd/service";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

const program = "/usr/local/bin/cri-dockerd";

/** Stands in for a cri-dockerd of before 0.2.5, without a Docker: takes its socket from systemd, and says which network plugin it has. */
const standIn = `#!/bin/sh
[ "$1" = --version ] && { echo "cri-dockerd 0.2.3 (stand-in)"; exit; }
[ "$LISTEN_FDS" = 1 ] || { echo "no sockets found via socket activation" >&2; exit 1; }
plugin=kubernetes.io/no-op
for a; do case $a in --network-plugin=?*) plugin=\${a#*=} ;; esac; done
echo "level=info msg=\\"Docker cri networking managed by network plugin $plugin\\""
systemd-notify --ready
exec sleep infinity
`;

let test: TestBoard;
beforeAll(async () => {
  test = await startTestBoard("cri-dockerd");
  writeFileSync(join(test.scratch, "cri-dockerd"), standIn);
  // a Docker of the distribution, as far as its unit goes; kubeadm's files, so that the doctor looks
  await test.sh(`mkdir -p /etc/docker /etc/kubernetes /usr/lib/systemd/system
echo '{"log-opts": {"max-size": "10m"}, "registry-mirrors": ["https://theirs.lan"]}' >/etc/docker/daemon.json
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/usr/lib/systemd/system/docker.service
systemctl daemon-reload; systemctl enable -q --now docker`);
}, 600_000);
afterAll(() => test.end());

const file = async (path: string) =>
  (await getFileFunction.call(test.context, { connection: test.connection, path })).content;

/** Docker's service as a stack would have it now. */
async function docker(changes: { registryMirrors?: string[] } = {}) {
  const [daemonJson, ours] = [await file("/etc/docker/daemon.json"), await file("/etc/docker/k3s-board-daemon.json")];
  return checked(systemdService, {
    connection: test.connection,
    name: "docker",
    files: dockerFiles(
      { cgroupDriver: "systemd", registryMirrors: [], insecureRegistries: [], ...changes },
      { ...(daemonJson === undefined ? {} : { daemonJson }), ...(ours === undefined ? {} : { ownPart: ours }) },
      { endpoint: { url: "http://registry.lan:5000" } },
    ),
    timeoutSeconds: 20,
  });
}

describe("Docker's daemon.json", () => {
  it("gets our part, keeps that of others, also what comes later, and is theirs again in the end", async () => {
    const before = await test.sh("cat /etc/docker/daemon.json");
    const { id, state: first } = await systemdService.create(
      test.context,
      await docker({ registryMirrors: ["http://ours.lan"] }),
    );
    const merged = JSON.parse(await test.sh("cat /etc/docker/daemon.json")) as object;
    expect(merged).toEqual({
      "log-opts": { "max-size": "10m" },
      "registry-mirrors": ["https://theirs.lan", "http://ours.lan"],
      "exec-opts": ["native.cgroupdriver=systemd"],
      "insecure-registries": ["registry.lan:5000"],
    });
    const again = await docker({ registryMirrors: ["http://ours.lan"] });
    expect(await systemdService.diff(first, again, () => false)).toMatchObject({ changed: [] });

    await test.sh(`sed -i '1s/{/{"default-runtime": "theirs",/' /etc/docker/daemon.json`);
    const found = await systemdService.read(test.context, id, first);
    const next = await docker();
    const diff = await systemdService.diff(found?.state ?? first, next, () => false);
    expect(diff.notes?.join("\n")).toContain("docker.service restarts: /etc/docker/daemon.json changes");
    const state = await systemdService.update(test.context, id, found?.state ?? first, next);
    expect(JSON.parse(await test.sh("cat /etc/docker/daemon.json"))).toEqual({
      ...merged,
      "default-runtime": "theirs",
      "registry-mirrors": ["https://theirs.lan"],
    });
    await systemdService.delete(test.context, id, state);
    expect(await test.sh("cat /etc/docker/daemon.json; ls /etc/docker; systemctl is-active docker")).toBe(
      `${before}\ndaemon.json\nactive`,
    );
  });

  it("is not written over where it cannot be read", async () => {
    await test.sh("cp /etc/docker/daemon.json /root/kept; echo '{' >/etc/docker/daemon.json");
    expect(await failure(docker())).toContain("/etc/docker/daemon.json on the board is no JSON");
    await test.sh("mv /root/kept /etc/docker/daemon.json");
  });
});

const service = () =>
  checked(systemdService, {
    connection: test.connection,
    name: "cri-docker",
    unit: criDockerUnit(program),
    program: { path: program, source: join(test.scratch, "cri-dockerd") },
    files: [
      {
        path: criDockerPaths.dropIn,
        content: criDockerDropIn({ binary: program, sandboxImage: "registry.lan:5000/pause:3.10.2" }),
      },
      { path: criDockerPaths.socket, content: criDockerSocket() },
    ],
    timeoutSeconds: 30,
  });

const found = async () => {
  const other = test.another();
  try {
    return diagnose(readFacts(await gather(other.board)));
  } finally {
    other.close();
  }
};

describe("cri-docker.service", () => {
  it("has units that systemd likes, starts with its socket, and is mended when its network plugin was taken away", async () => {
    const wanted = await service();
    const created = await systemdService.create(test.context, wanted);
    expect(test.said.filter((line) => /warning|refuses/.test(line))).toEqual([]);
    expect(
      await test.sh("systemctl is-active cri-docker.service cri-docker.socket; stat -c %a:%U:%G /run/cri-dockerd.sock"),
    ).toBe("active\nactive\n660:root:root");
    expect(await test.sh("systemctl show -p ExecStart cri-docker | grep -o 'argv..=[^;]*'")).toBe(
      `argv[]=${program} --container-runtime-endpoint=fd:// --network-plugin=cni --pod-infra-container-image=registry.lan:5000/pause:3.10.2 ` +
        "--cni-conf-dir=/etc/cni/net.d --cni-bin-dir=/opt/cni/bin",
    );
    expect((await found()).map(({ id }) => id)).not.toContain("network-plugin-none");

    await test.sh(
      `sed -i '/--network-plugin/d' ${criDockerPaths.dropIn}; systemctl daemon-reload; systemctl restart cri-docker`,
    );
    const finding = (await found()).find(({ id }) => id === "network-plugin-none");
    expect(finding?.evidence[0]).toContain("Docker cri networking managed by network plugin kubernetes.io/no-op");
    expect(finding?.remedy).toContain("--network-plugin=cni");

    const seen = await systemdService.read(test.context, created.id, created.state);
    const diff = await systemdService.diff(seen?.state ?? created.state, wanted, () => false);
    expect(diff.notes?.join("\n")).toMatch(/cri-docker\.service restarts[\s\S]*\+ +--network-plugin=cni/);
    const state = await systemdService.update(test.context, created.id, seen?.state ?? created.state, wanted);
    expect((await found()).map(({ id }) => id)).not.toContain("network-plugin-none");

    await systemdService.delete(test.context, created.id, state);
    expect(
      await test.sh(
        `ls ${program} /run/cri-dockerd.sock /etc/systemd/system/cri-docker.* 2>&1 | grep -v 'No such file'; systemctl list-units --all 'cri-docker*' --no-legend; :`,
      ),
    ).toBe("");
  });
});
