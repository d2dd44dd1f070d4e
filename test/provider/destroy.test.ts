import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { k3sData } from "../../provider/kubernetes/k3s-data";
import { listBoard, listingDifferences, type BoardListing } from "../board-listing";
import { checked, failure, startTestBoard, type TestBoard } from "./board";

let test: TestBoard;
let before: BoardListing;

/** A device with a route, a chain, a rule with a counter and a comment that speaks of ours: somebody else's. */
const foreign = `ip link add uplink type bridge; ip addr add 198.51.100.1/24 dev uplink; ip link set uplink up; ip route add 10.99.0.0/16 via 198.51.100.9
iptables -w -N DOCKER-USER; iptables -w -A FORWARD -j DOCKER-USER
iptables -w -A DOCKER-USER -s 192.0.2.1 -m comment --comment 'seen before -j KUBE-FORWARD' -j DROP -c 7 420
ip6tables -w -A INPUT -p tcp --dport 22 -j ACCEPT; nft add table inet mine; nft add chain inet mine input`;
const foreignRules = () => test.sh("{ iptables-save -c; ip6tables-save -c; } | grep -- -A; nft list table inet mine");

/** What a k3s leaves that was stopped: data, a shim with its container, mounts, a namespace, devices, a route to another node's pods, rules. */
const leaveBehind = `
mkdir -p /var/lib/rancher/k3s/server/db /var/lib/rancher/k3s/agent/containerd /etc/rancher/node /etc/rancher/k3s /run/k3s/containerd /run/flannel
mkdir -p /var/lib/kubelet/pods/p1/volumes/token /var/lib/cni/networks/cbr0 /etc/cni/net.d /var/log/pods/ns_pod /run/netns
echo state >/var/lib/rancher/k3s/server/db/state.db; echo secret >/etc/rancher/node/password; echo x >/etc/rancher/k3s/k3s.yaml
mountpoint -q /var/lib/kubelet/pods/p1/volumes/token || mount -t tmpfs tmpfs /var/lib/kubelet/pods/p1/volumes/token
cp /bin/sh /usr/local/bin/containerd-shim-runc-v2
setsid /usr/local/bin/containerd-shim-runc-v2 -c 'sleep 1000 & wait' -address /run/k3s/containerd/containerd.sock </dev/null >/dev/null 2>&1 &
ip netns add cni-0000; ip link add cni0 type bridge; ip link add veth1 type veth peer name eth0 netns cni-0000; ip link set veth1 master cni0; ip link set cni0 up
ip route add 10.42.1.0/24 via 198.51.100.9
iptables -w -t nat -N KUBE-SERVICES; iptables -w -t nat -N KUBE-SEP-A; iptables -w -t nat -A KUBE-SERVICES -j KUBE-SEP-A
for i in 1 2; do iptables -w -t nat -A PREROUTING -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES; done
iptables -w -t nat -A POSTROUTING -s 10.42.0.0/16 -m comment --comment 'flanneld pod network' -j MASQUERADE
iptables -w -A FORWARD -s 10.42.0.0/16 -m comment --comment 'flanneld pod network' -j ACCEPT
ip6tables -w -N KUBE-FIREWALL; ip6tables -w -A INPUT -j KUBE-FIREWALL; nft add table ip kube-proxy; nft add chain ip kube-proxy services
rm /usr/local/bin/containerd-shim-runc-v2; sleep 0.3`;
const shims = () => test.sh("ps -eo args= | grep -c '[c]ontainerd-shim-runc-v2' || :");

beforeAll(async () => {
  test = await startTestBoard("provider-destroy", ["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  // The board shares this machine's network: everything that logs in from now on has one of its own, with the board's mounts.
  await test.sh(`ip netns add board
cat >/etc/ssh/sshd_config.d/network.conf <<'E'
ForceCommand exec nsenter --net=/run/netns/board sh -c "$SSH_ORIGINAL_COMMAND"
E
systemctl reload ssh`);
  const inside = test.another();
  test = { ...test, ...inside, sh: shOn(inside.board) };
  expect(await test.sh("ip -o link | awk -F': ' '{print $2}'")).toBe("lo");
  await test.sh(foreign);
  before = await list();
}, 600_000);
afterAll(() => test.end());
beforeEach(() => {
  test.said.length = 0;
});
afterEach(() => {
  delete process.env.K3S_BOARD_ON_DESTROY;
});

function shOn(board: TestBoard["board"]): TestBoard["sh"] {
  return async (script) => {
    const { code, stdout, stderr } = await board.run(script, {
      purpose: "running a test's script",
      timeoutSeconds: 120,
    });
    if (code !== 0) throw new Error(`exit ${code}: ${stderr}\n${script}`);
    return stdout.trim();
  };
}

const list = () => listBoard((script) => test.sh(script));
const wanted = (onDestroy?: string) => checked(k3sData, { connection: test.connection, onDestroy });

describe("what k3s left goes with the stack", () => {
  it("is known from the record where an up was killed before it said what was there", async () => {
    const inputs = await wanted();
    const known = () => k3sData.read(test.context, inputs.dataDir, inputs as Parameters<typeof k3sData.read>[2]);
    expect(await known()).toBeUndefined();
    const { id, state } = await k3sData.create(test.context, inputs);
    expect((await known())?.state).toEqual(state);
    await k3sData.delete(test.context, id, state);
    expect(await known()).toBeUndefined();
  });

  it("without a trace of it, and with everything of others as it was", async () => {
    const rules = await foreignRules();
    const { id, state } = await k3sData.create(test.context, await wanted());
    await test.sh(leaveBehind);
    expect(await shims()).not.toBe("0");
    await k3sData.delete(test.context, id, state);
    expect(listingDifferences(before, await list())).toEqual([]);
    expect(await foreignRules()).toBe(rules);
    expect(await shims()).toBe("0");
    // what is gone already goes without a word
    await k3sData.delete(test.context, id, state);
    expect(test.said).toEqual([]);
  });

  it("to the end, after a run that was killed in the middle", async () => {
    const { id, state } = await k3sData.create(test.context, await wanted());
    await test.sh(leaveBehind);
    const killed = failure(k3sData.delete(test.context, id, state));
    // as the power would end it: the script on the board with everything in its process group
    while ((await shims()) !== "0");
    await test.sh("for p in $(pgrep -f '^timeout -k 5 600 '); do /bin/kill -KILL -- -$p; done");
    await killed;
    await k3sData.delete(test.context, id, state);
    expect(listingDifferences(before, await list())).toEqual([]);
  });

  it("but for its data with keepData, until a later destroy takes that too", async () => {
    const { id, state } = await k3sData.create(test.context, await wanted("keepData"));
    await test.sh(leaveBehind);
    await k3sData.delete(test.context, id, state);
    expect(await test.sh("cat /var/lib/rancher/k3s/server/db/state.db /etc/rancher/node/password")).toBe(
      "state\nsecret",
    );
    expect(await shims()).toBe("0");
    const left = listingDifferences(before, await list());
    const kept =
      /^\+ files \S+ \S+ \S+ (\/var\/lib\/rancher|\/etc\/rancher|\/var\/lib\/kubelet|\/var\/log\/pods|\/var\/lib\/k3s-board)|^\+ files [0-9a-f]{64} {2}\/etc\/rancher\/node/;
    expect(left.filter((line) => !kept.test(line))).toEqual([]);

    const again = await k3sData.create(test.context, await wanted());
    expect(again.state.ours).toEqual(state.ours);
    await test.sh(leaveBehind);
    await k3sData.delete(test.context, id, again.state);
    expect(listingDifferences(before, await list())).toEqual([]);
  });

  it("and what a disk holds that somebody mounted below it stays", async () => {
    const { id, state } = await k3sData.create(test.context, await wanted());
    await test.sh(
      `${leaveBehind}\nmkdir /var/lib/rancher/k3s/storage; mount -t tmpfs disk /var/lib/rancher/k3s/storage; echo mine >/var/lib/rancher/k3s/storage/file`,
    );
    await k3sData.delete(test.context, id, state);
    expect(await test.sh("find /var/lib/rancher -type f -exec cat {} +")).toBe("mine");
    expect(test.said).toEqual([
      "warning: /var/lib/rancher/k3s stays: a file system is mounted below it that k3s has not mounted",
    ]);
    await test.sh("umount /var/lib/rancher/k3s/storage; rm -r /var/lib/rancher");
    expect(listingDifferences(before, await list())).toEqual([]);
  });

  it.each([
    [
      "a disk that is mounted where they are",
      "mount -t tmpfs disk /var/lib/rancher/k3s; mkdir /var/lib/rancher/k3s/lost+found",
    ],
    ["what a link leads to", "mkdir /srv/k3s; rmdir /var/lib/rancher/k3s; ln -s /srv/k3s /var/lib/rancher/k3s"],
  ])("from %s, which was there and empty, and stays", async (_place, made) => {
    await test.sh(`mkdir -p /var/lib/rancher/k3s /run/k3s\n${made}`);
    const empty = await list();
    for (const depth of ["remove", "purge"]) {
      const { id, state } = await k3sData.create(test.context, await wanted(depth));
      expect(state.ours).toEqual(expect.arrayContaining(["/var/lib/rancher/k3s/", "/run/k3s/", "/var/lib/kubelet"]));
      await test.sh(leaveBehind);
      await k3sData.delete(test.context, id, state);
      expect(listingDifferences(empty, await list())).toEqual([]);
      expect(await test.sh("find /var/lib/rancher/k3s/ -mindepth 1 ! -name lost+found")).toBe("");
    }
    expect(test.said).toEqual([]);
    await test.sh("umount /var/lib/rancher/k3s 2>/dev/null; rm -rf /var/lib/rancher /srv/k3s; rmdir /run/k3s");
    expect(listingDifferences(before, await list())).toEqual([]);
  });

  it("but not from where any other link leads that somebody has made since", async () => {
    const { id, state } = await k3sData.create(test.context, await wanted());
    await test.sh("mkdir /srv/cni; echo theirs >/srv/cni/file; ln -s /srv/cni /etc/cni");
    await k3sData.delete(test.context, id, state);
    expect(await test.sh("cat /srv/cni/file; ls -d /etc/cni 2>/dev/null || :")).toBe("theirs");
    await test.sh("rm -r /srv/cni");
    expect(listingDifferences(before, await list())).toEqual([]);
  });

  it("with purge also from a disk that had data before", async () => {
    await test.sh(
      "mkdir -p /var/lib/rancher /srv/k3s/server; echo before >/srv/k3s/server/token; ln -s /srv/k3s /var/lib/rancher/k3s",
    );
    const { id, state } = await k3sData.create(test.context, await wanted("purge"));
    await test.sh(leaveBehind);
    await k3sData.delete(test.context, id, state);
    expect(await test.sh("find /srv /var/lib/rancher -printf '%p %l\\n'")).toBe(
      "/srv \n/srv/k3s \n/var/lib/rancher \n/var/lib/rancher/k3s /srv/k3s",
    );
    await test.sh("rm -rf /var/lib/rancher /srv/k3s");
    expect(listingDifferences(before, await list())).toEqual([]);
  });
});

describe("a k3s that was there before the stack", () => {
  const unit = `cat >/etc/systemd/system/k3s.service <<'E'
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=multi-user.target
E
systemctl daemon-reload; systemctl -q enable --now k3s`;

  it("is left alone with its data and its pods", async () => {
    await test.sh(`${unit}\n${leaveBehind}`);
    const there = await list();
    const { id, state } = await k3sData.create(test.context, await wanted());
    expect(state.ours).not.toContain("/run/k3s");
    await k3sData.delete(test.context, id, state);
    expect(listingDifferences(there, await list())).toEqual([]);
    expect(await shims()).not.toBe("0");
  });

  it("ends with purge, and everything that it left goes; what is mistyped takes nothing", async () => {
    const { id, state } = await k3sData.create(test.context, await wanted());
    process.env.K3S_BOARD_ON_DESTROY = "prune";
    expect(await failure(k3sData.delete(test.context, id, state))).toMatch(/K3S_BOARD_ON_DESTROY is "prune"/);
    expect(await test.sh("systemctl is-active k3s")).toBe("active");
    process.env.K3S_BOARD_ON_DESTROY = "purge";
    await k3sData.delete(test.context, id, state);
    expect(await test.sh("systemctl is-active k3s || :; systemctl is-enabled k3s || :")).toBe("inactive\ndisabled");
    expect(await shims()).toBe("0");
    await test.sh("rm /etc/systemd/system/k3s.service; systemctl daemon-reload");
    expect(listingDifferences(before, await list())).toEqual([]);
  });
});
