import { expect, it } from "vitest";
import { execStart } from "../../../provider/systemd/exec-start";
import { criDockerDropIn, criDockerSocket, criDockerUnit } from "./cri-dockerd-unit";

const binary = "/usr/local/bin/cri-dockerd";

it("the unit", () => {
  expect(criDockerUnit(binary)).toMatchInlineSnapshot(`
    "[Unit]
    Description=Container Runtime Interface for Docker
    Documentation=https://mirantis.github.io/cri-dockerd/
    Wants=network-online.target docker.service
    After=network-online.target docker.service
    Requires=cri-docker.socket

    [Service]
    Type=notify
    ExecStart=/usr/local/bin/cri-dockerd --container-runtime-endpoint=fd://
    ExecReload=/bin/kill -s HUP $MAINPID
    KillMode=process
    Delegate=yes
    LimitNOFILE=infinity
    LimitNPROC=infinity
    LimitCORE=infinity
    TasksMax=infinity
    TimeoutStartSec=0
    Restart=always
    RestartSec=2s

    [Install]
    WantedBy=multi-user.target
    "
  `);
});

it("the socket", () => {
  expect(criDockerSocket()).toMatchInlineSnapshot(`
    "[Unit]
    Description=Socket of the Container Runtime Interface for Docker
    PartOf=cri-docker.service

    [Socket]
    ListenStream=/run/cri-dockerd.sock
    SocketMode=0660
    SocketUser=root
    SocketGroup=root
    RemoveOnStop=true
    "
  `);
});

it("the drop-in, which leaves one command", () => {
  const dropIn = criDockerDropIn({
    binary,
    sandboxImage: "registry.example/pause:3.10.2",
    cniBinDirs: ["/opt/cni/bin", "/usr/lib/cni"],
  });
  expect(dropIn).toMatchInlineSnapshot(`
    "[Service]
    ExecStart=
    ExecStart=/usr/local/bin/cri-dockerd \\
        --container-runtime-endpoint=fd:// \\
        --network-plugin=cni \\
        --pod-infra-container-image=registry.example/pause:3.10.2 \\
        --cni-conf-dir=/etc/cni/net.d \\
        --cni-bin-dir=/opt/cni/bin,/usr/lib/cni
    "
  `);
  const commands = execStart([
    { path: "/usr/lib/systemd/system/cri-docker.service", text: criDockerUnit("/usr/bin/cri-dockerd") },
    { path: "/etc/systemd/system/cri-docker.service.d/50-k3s-board.conf", text: dropIn },
  ]);
  expect(commands).toHaveLength(1);
  expect(commands[0]).toContain("--network-plugin=cni");
});
