import { X509Certificate } from "node:crypto";
import { sourcesIn } from "../../provider/board/kinds/firewall-found";
import { filesIn } from "./shown-files";
import type { Facts } from "../facts";

/** The values of `name=value` lines, by name, in their order. */
export function valuesOf(text: string): (name: string) => string[] {
  const lines = text.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  return (name) => lines.flatMap(([key, value]) => (key === name && value !== undefined ? [value] : []));
}

/** What `# CONFIG_X is not set` and `CONFIG_X=m` say. */
function kernelConfig(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, unset] = /^# CONFIG_(\w+) is not set/.exec(line) ?? [];
      const [, name, value] = /^CONFIG_(\w+)=(\w)/.exec(line) ?? [];
      if (unset !== undefined) return [[unset, "n"]];
      return name === undefined || value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Reads the section `kernel`. */
export function readKernel(text: string): NonNullable<Facts["kernel"]> {
  const values = valuesOf(text);
  const pairs = (name: string) => values(name).map((line) => line.split(" "));
  return {
    commandLine: values("cmdline")[0] ?? "",
    cgroups: Object.fromEntries(
      pairs("cgroup").flatMap(([name = "", on]) => (name.startsWith("#") ? [] : [[name, on === "1"]])),
    ),
    modules: values("module"),
    sysctls: Object.fromEntries(pairs("sysctl").map(([name = "", ...value]) => [name, value.join(" ")])),
    config: kernelConfig(values("config")),
  };
}

/** Reads the section `storage`. */
export function readStorage(text: string): NonNullable<Facts["storage"]> {
  const values = valuesOf(text);
  const rows = (name: string) =>
    values(name).flatMap((line) => {
      const [, , used, available, percent, ...mount] = line.trim().split(/\s+/);
      return /^\d+%$/.test(percent ?? "") && used !== undefined
        ? [{ mount: mount.join(" "), available: Number(available), percent: Number.parseInt(percent ?? "", 10) }]
        : [];
    });
  const inodes = new Map(rows("inodes").map(({ mount, percent }) => [mount, percent]));
  const disks = rows("blocks").filter((row, index, all) => all.findIndex(({ mount }) => mount === row.mount) === index);
  return {
    now: Number(values("now")[0] ?? 0),
    memoryAvailableBytes: Number(values("MemAvailable")[0] ?? 0) * 1024,
    swaps: values("swap").map((line) => line.split(" ")[0] ?? ""),
    disks: disks.map(({ mount, available, percent }) => {
      const inodesUsedPercent = inodes.get(mount);
      return {
        mount,
        usedPercent: percent,
        availableBytes: available * 1024,
        ...(inodesUsedPercent === undefined ? {} : { inodesUsedPercent }),
      };
    }),
  };
}

/** Reads the section `security`. */
export function readSecurity(text: string): NonNullable<Facts["security"]> {
  const values = valuesOf(text);
  return {
    selinuxEnforcing: values("enforcing")[0] === "1",
    selinuxPolicy: values("policy").includes("k3s"),
    firewalld: values("firewalld")[0] === "active",
    trustedSources: sourcesIn(text),
  };
}

/** Reads the section `network`. */
export function readNetwork(text: string): NonNullable<Facts["network"]> {
  const values = valuesOf(text);
  return {
    resolvConf: values("resolv"),
    upstreamResolvConf: values("upstream"),
    routes: values("route"),
    addresses: values("address"),
  };
}

/** Reads the section `iptables`: chains as `:KUBE-SERVICES …`, rules as `-A …`. */
export function readIptables(text: string): NonNullable<Facts["iptables"]> {
  const lines = text.split("\n");
  return {
    chains: [...new Set(lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []))],
    rules: lines.filter((line) => line.startsWith("-A")).slice(0, 100),
  };
}

/** Reads what `systemctl show` says of several units, each a paragraph. */
export function readUnits(text: string): NonNullable<Facts["units"]> {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const values = valuesOf(paragraph);
    const value = (name: string) => values(name)[0] ?? "";
    if (value("Id") === "") return [];
    const started = Date.parse(value("ExecMainStartTimestamp").replace(/^\w+ (\S+) (\S+) UTC$/, "$1T$2Z"));
    return [
      {
        name: value("Id"),
        load: value("LoadState"),
        active: value("ActiveState"),
        sub: value("SubState"),
        result: value("Result"),
        exitStatus: Number(value("ExecMainStatus")) || 0,
        restarts: Number(value("NRestarts")) || 0,
        needsDaemonReload: value("NeedDaemonReload") === "yes",
        ...(Number.isNaN(started) ? {} : { started: started / 1000 }),
        command: (/argv\[\]=(.*?) ;/.exec(value("ExecStart"))?.[1] ?? "").split(/\s+/).filter(Boolean),
      },
    ];
  });
}

/** Reads the validity of certificates, of each file the first. What is none is left out. */
export function readCertificates(text: string): NonNullable<Facts["certificates"]> {
  return filesIn(text).flatMap(({ path, text: pem }) => {
    try {
      const { subject, validFrom, validTo } = new X509Certificate(pem);
      return [{ path, subject, notBefore: Date.parse(validFrom) / 1000, notAfter: Date.parse(validTo) / 1000 }];
    } catch {
      return [];
    }
  });
}
