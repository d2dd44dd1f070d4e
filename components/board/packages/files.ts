import type { PackageMirrorsConfig } from "./config";

type Mirror = PackageMirrorsConfig[string];

/** A file of a package manager. */
export interface MirrorFile {
  /** What its resource is named after: `list`, `key`. */
  readonly part: "list" | "key";
  readonly path: string;
  /** A text, or a file of this machine. */
  readonly from: { readonly content: string } | { readonly source: string };
}

function keyFile(path: string, { key }: Mirror): MirrorFile {
  return { part: "key", path, from: "path" in key ? { source: key.path } : { content: `${key.text.trimEnd()}\n` } };
}

/** An entry of apt in the form of deb822 (sources.list(5)). */
export function aptSources(mirror: Extract<Mirror, { kind: "apt" }>, keyPath: string): string {
  const { url, suites, components, architectures } = mirror;
  // apt refuses components beside an exact path
  const isFlat = suites.every((suite) => suite.endsWith("/"));
  return [
    "Types: deb",
    `URIs: ${url}`,
    `Suites: ${suites.join(" ")}`,
    ...(isFlat ? [] : [`Components: ${components.join(" ")}`]),
    ...(architectures.length === 0 ? [] : [`Architectures: ${architectures.join(" ")}`]),
    `Signed-By: ${keyPath}`,
    "",
  ].join("\n");
}

/** A repository of dnf (dnf.conf(5)). Its packages are verified; its list is not, because most mirrors do not sign theirs. */
export function dnfRepository(
  name: string,
  { url, priority }: Extract<Mirror, { kind: "dnf" }>,
  keyPath: string,
): string {
  return `[k3s-board-${name}]
name=k3s-board ${name}
baseurl=${url}
enabled=1
gpgcheck=1
gpgkey=file://${keyPath}
priority=${priority}
`;
}

/** The files of a mirror, its key first. */
export function mirrorFiles(name: string, mirror: Mirror): MirrorFile[] {
  switch (mirror.kind) {
    case "apt": {
      const key = keyFile(`/etc/apt/keyrings/k3s-board-${name}.asc`, mirror);
      const path = `/etc/apt/sources.list.d/k3s-board-${name}.sources`;
      return [key, { part: "list", path, from: { content: aptSources(mirror, key.path) } }];
    }
    case "dnf": {
      const key = keyFile(`/etc/pki/rpm-gpg/RPM-GPG-KEY-k3s-board-${name}`, mirror);
      const path = `/etc/yum.repos.d/k3s-board-${name}.repo`;
      return [key, { part: "list", path, from: { content: dnfRepository(name, mirror, key.path) } }];
    }
  }
}
