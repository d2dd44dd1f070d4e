import { asked, configuration, forgotten, hello, host, noPod, pod, restart, type Break } from "./break";

const ctr = "k3s ctr -n k8s.io";
/** Takes the pause image off the board, under all of its names, and leaves the one that k3s asks for in $P. */
const withoutPause = `set -e; P=$(${ctr} images ls -q | grep -m 1 'pause:[^@]*$'); D=$(${ctr} images ls | awk -v p="$P" '$1 == p {print $3}')
${ctr} images ls | awk -v d="$D" '$3 == d {print $1}' | xargs ${ctr} images rm`;
const pauseAgain = `${ctr} images import /var/lib/rancher/k3s/agent/images/k3s-board-pause.tar`;

/** What is wrong with images themselves. */
export const imageBreaks: readonly Break[] = [
  {
    expected: "image-not-on-board",
    break: () => pod("docker.io/library/not-there:1", "imagePullPolicy: Never"),
    mend: noPod,
    remedy: /airgap/,
  },
  {
    expected: "image-without-domain",
    break: () =>
      `k3s ctr -n k8s.io images tag ${hello} library/nodomain:1; ${pod("docker.io/library/nodomain:1", "imagePullPolicy: Never")}`,
    mend: () => `${noPod()}; k3s ctr -n k8s.io images rm library/nodomain:1`,
    remedy: /images tag library\/nodomain:1 docker\.io\/library\/nodomain:1/,
  },
  {
    expected: "executable-not-found",
    break: () => pod(hello, 'imagePullPolicy: IfNotPresent, command: ["not-there"]'),
    mend: noPod,
    remedy: /directory of the image's PATH/,
  },
  {
    expected: "pod-not-ready",
    break: () => pod(hello, "imagePullPolicy: IfNotPresent, readinessProbe: {periodSeconds: 2, tcpSocket: {port: 9}}"),
    mend: noPod,
    remedy: /describe pod broken/,
  },
  {
    expected: "image-no-platform",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/elsewhere/b:1`)}`,
    mend: forgotten,
    remedy: /`kind: build`/,
  },
  {
    expected: "image-wrong-architecture",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/foreign/b:1`)}`,
    mend: (ports) => `${forgotten(ports)}; ${ctr} images rm ${host}:${ports.registry}/foreign/b:1`,
    remedy: /pull with --platform/,
  },
  {
    expected: "image-elf-differs",
    break: (ports) => `${asked(ports)}\n${pod(`${host}:${ports.registry}/lying/b:1`)}`,
    mend: (ports) => `${forgotten(ports)}; ${ctr} images rm ${host}:${ports.registry}/lying/b:1`,
    remedy: /`kind: build`/,
  },
  {
    expected: "pause-missing",
    // where the board's registry has it, it would be pulled again
    break: () => `${withoutPause}; systemctl stop k3s-board-registry; ${pod(hello)}`,
    mend: () => `systemctl start k3s-board-registry; ${pauseAgain}; ${noPod()}`,
    remedy: /k3s-board:k3s\.pauseImage/,
  },
  {
    expected: "pause-wrong-architecture",
    // fetched and not unpacked, as an import leaves what is for another machine
    break: ({ registry }) => `${withoutPause}
${ctr} content fetch --plain-http --platform linux/amd64 ${host}:${registry}/foreign/b:1 >/dev/null
${ctr} images tag ${host}:${registry}/foreign/b:1 "$P"
${pod(hello)}`,
    mend: ({ registry }) =>
      `${withoutPause}; ${pauseAgain}; ${noPod()}; ${ctr} images rm ${host}:${registry}/foreign/b:1`,
    remedy: /this program builds it/,
  },
  {
    expected: "pause-elf-differs",
    break: ({ registry }) => `${withoutPause}
${ctr} images pull --plain-http ${host}:${registry}/lying/b:1 >/dev/null
${ctr} images tag ${host}:${registry}/lying/b:1 "$P"
${pod(hello)}`,
    mend: ({ registry }) =>
      `${withoutPause}; ${pauseAgain}; ${noPod()}; ${ctr} images rm ${host}:${registry}/lying/b:1`,
    remedy: /npm run audit/,
  },
  {
    expected: "image-collected",
    // kubelet's first look at the disk after its start may fail, and the next is five minutes later
    break: (ports) => `${asked(ports)}
cat >/root/collect <<'SCRIPT'
image=${host}:${ports.registry}/fitting/b:1
there() { ${ctr} images ls -q | grep -qx "$image"; }
patiently() { for i in $(seq 100); do "$@" && return; sleep 5; done; exit 1; }
gone() { ! there; }
{
${pod(`${host}:${ports.registry}/fitting/b:1`)}
patiently there
${noPod()}
printf 'kubelet-arg:\\n- image-gc-high-threshold=2\\n- image-gc-low-threshold=1\\n- minimum-image-ttl-duration=0s\\n' >${configuration}
systemctl restart k3s
patiently gone
${pod(`${host}:${ports.registry}/fitting/b:1`, "imagePullPolicy: Never")}
} >/root/collect.log 2>&1
SCRIPT
setsid sh /root/collect </dev/null >/dev/null 2>&1 &`,
    mend: (ports) => `rm ${configuration}; ${forgotten(ports)}; ${restart}; rm /root/collect /root/collect.log`,
    remedy: /pin it/,
  },
];
