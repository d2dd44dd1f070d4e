import { describe, expect, it } from "vitest";
import { readIptables, readKernel, readSecurity, readStorage, readUnits } from "./host";
import { readEvents, readPods } from "./kubernetes";
import { readContainers, readSandboxes } from "./runtime";
import { filesIn } from "./shown-files";

describe("what crictl prints", () => {
  it("sandboxes", () => {
    const text = `{"items": [{"id": "7f2f", "metadata": {"name": "not-imported", "uid": "dd1f", "namespace": "default", "attempt": 0},
      "state": "SANDBOX_READY", "createdAt": "1795250392470968200", "labels": {}, "runtimeHandler": ""}]}`;
    expect(readSandboxes(text)).toEqual([
      { id: "7f2f", namespace: "default", name: "not-imported", uid: "dd1f", attempt: 0, ready: true },
    ]);
  });
  it("containers, with the name of the image that the pod asks for", () => {
    const text = `{"containers": [{"id": "ea42", "podSandboxId": "e75a", "metadata": {"name": "hello-lying", "attempt": 3},
      "image": {"image": "sha256:0af6", "userSpecifiedImage": "docker.io/library/hello-lying:1"}, "state": "CONTAINER_EXITED"}]}`;
    expect(readContainers(text)).toEqual([
      {
        id: "ea42",
        sandbox: "e75a",
        name: "hello-lying",
        attempt: 3,
        state: "exited",
        image: "docker.io/library/hello-lying:1",
      },
    ]);
  });
  it("nothing, and what was cut off", () => {
    expect(readSandboxes("{}")).toEqual([]);
    expect(readContainers('{"containers": null}')).toEqual([]);
    expect(readContainers('{"containers": [{"id')).toBeUndefined();
  });
});

it("a pod without its environment and arguments", () => {
  const pod = {
    metadata: {
      name: "a",
      namespace: "b",
      uid: "c",
      ownerReferences: [{ kind: "Job", name: "helm-install-x" }],
      labels: { "helmcharts.helm.cattle.io/chart": "x" },
    },
    spec: {
      nodeName: "board",
      containers: [
        {
          name: "m",
          image: "i:1",
          imagePullPolicy: "Never",
          env: [{ name: "P", value: "pl4nted" }],
          args: ["--pw=pl4nted"],
        },
      ],
    },
    status: {
      phase: "Pending",
      containerStatuses: [
        {
          name: "m",
          image: "i:1",
          imageID: "",
          ready: false,
          restartCount: 2,
          state: { waiting: { reason: "ErrImageNeverPull" } },
          lastState: {},
        },
      ],
    },
  };
  const [read] = readPods([pod, "no pod"]);
  expect(read).toMatchObject({
    owner: "Job helm-install-x",
    chart: "x",
    ready: false,
    containers: [{ pullPolicy: "Never" }],
  });
  expect(read?.statuses).toEqual([
    {
      name: "m",
      image: "i:1",
      ready: false,
      restarts: 2,
      running: false,
      waiting: { reason: "ErrImageNeverPull", message: "" },
    },
  ]);
  expect(JSON.stringify(read)).not.toContain("pl4nted");
});

it("events, the newest last, whichever time they have", () => {
  const event = (name: string, times: object) => ({
    involvedObject: { kind: "Pod", name },
    metadata: {},
    type: "Normal",
    ...times,
  });
  const events = readEvents([
    event("late", { lastTimestamp: "2026-11-21T08:00:02Z" }),
    event("early", { lastTimestamp: null, eventTime: new Date("2026-11-21T08:00:01Z") }),
  ]);
  expect(events.map(({ name, at }) => [name, at % 60])).toEqual([
    ["early", 1],
    ["late", 2],
  ]);
});

it("units, a paragraph each", () => {
  const text = `Id=k3s.service
LoadState=loaded
ActiveState=active
SubState=running
Result=success
NRestarts=2
NeedDaemonReload=no
ExecMainStatus=0
MainPID=6004
ExecMainStartTimestamp=Sat 2026-11-21 08:33:27 UTC
ExecStart={ path=/usr/local/bin/k3s ; argv[]=/usr/local/bin/k3s server --disable=coredns ; ignore_errors=no ; start_time=[n/a] }

Id=k3s-agent.service
LoadState=not-found
ActiveState=inactive
ExecMainStartTimestamp=
`;
  expect(readUnits(text)).toMatchObject([
    {
      name: "k3s.service",
      restarts: 2,
      started: Date.UTC(2026, 10, 21, 8, 33, 27) / 1000,
      command: ["/usr/local/bin/k3s", "server", "--disable=coredns"],
    },
    { name: "k3s-agent.service", load: "not-found", command: [] },
  ]);
});

it("disks, memory, clock", () => {
  const text = `now=1795250000
MemTotal=4026532
MemAvailable=1000
swap=/dev/zram0 2097148 0
blocks=Filesystem     1024-blocks    Used Available Capacity Mounted on
blocks=/dev/vda1         20509264 5000000  14000000      27% /
blocks=/dev/vda1         20509264 5000000  14000000      27% /
inodes=Filesystem      Inodes IUsed   IFree IUse% Mounted on
inodes=/dev/vda1      1310720 90000 1220720    7% /
`;
  expect(readStorage(text)).toEqual({
    now: 1795250000,
    memoryAvailableBytes: 1024000,
    swaps: ["/dev/zram0"],
    disks: [{ mount: "/", usedPercent: 27, availableBytes: 14000000 * 1024, inodesUsedPercent: 7 }],
  });
});

it("kernel and iptables", () => {
  expect(
    readKernel(
      "cmdline=root=/dev/vda ro\ncgroup=memory 0\nmodule=overlay\nsysctl=net/ipv4/ip_forward 1\nconfig=# CONFIG_VXLAN is not set\nconfig=CONFIG_MEMCG=y\n",
    ),
  ).toEqual({
    commandLine: "root=/dev/vda ro",
    cgroups: { memory: false },
    modules: ["overlay"],
    sysctls: { "net/ipv4/ip_forward": "1" },
    config: { VXLAN: "n", MEMCG: "y" },
  });
  expect(
    readIptables("*filter\n:INPUT ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A INPUT -j KUBE-SERVICES\n").chains,
  ).toEqual(["INPUT", "KUBE-SERVICES"]);
});

it("files, whatever is in them", () => {
  expect(filesIn("@ 12 3 /a b.yaml\n x\n @ 1 2 /no\n\n@ 13 0 /c\n\n")).toEqual([
    { path: "/a b.yaml", mtime: 12, size: 3, text: "x\n@ 1 2 /no" },
    { path: "/c", mtime: 13, size: 0, text: "" },
  ]);
});

it("a static pod has the uid by which the runtime knows it", () => {
  const metadata = {
    name: "etcd-board",
    uid: "of the API server's",
    annotations: { "kubernetes.io/config.mirror": "ab12" },
  };
  expect(readPods([{ metadata, spec: {}, status: {} }])[0]?.uid).toBe("ab12");
});

it("networks that firewalld trusts, in the zone of this program as well", () => {
  const text =
    'enforcing=1\nfirewalld=active\nsources=as 1 "10.42.0.0/16"\nsources=as 2 "10.43.0.0/16" "192.168.0.0/24"\n';
  expect(readSecurity(text)).toEqual({
    selinuxEnforcing: true,
    selinuxPolicy: false,
    firewalld: true,
    trustedSources: ["10.42.0.0/16", "10.43.0.0/16", "192.168.0.0/24"],
  });
  expect(readSecurity("firewalld=active\nsources=\nsources=as 0\n").trustedSources).toEqual([]);
});
