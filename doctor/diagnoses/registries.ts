import { load } from "js-yaml";
import { z } from "zod";
import type { Facts } from "../facts";
import { finding, type Finding } from "../findings";
import { fullNameOf, nameWithoutDomain, registryOf } from "../images";
import { factsAt, ofOwnNode, ownPods } from "../node";
import { chainOf, k3sUnitOf, said, troubles } from "../trouble";

/** Where k3s reads registries from, at its start. */
export const registriesPath = "/etc/rancher/k3s/registries.yaml";

/** Why an image could not be pulled, by the words of containerd. */
const failures = [
  ["registry-speaks-http", /server gave HTTP response to HTTPS client/],
  ["registry-certificate", /x509: ([^"]+)|certificate (?:has expired|is not valid)[^"]*/],
  // what a registry says of what it does not have to those who may not know
  ["image-unknown-or-private", /repository does not exist or may require authorization|insufficient_scope/],
  [
    "registry-unauthorized",
    /\b401 Unauthorized|\b403 Forbidden|authorization failed|pull access denied|failed to authorize/,
  ],
  [
    "registry-unresolved",
    /lookup \S+(?: on \S+)?: (?:no such host|server misbehaving|i\/o timeout|.*Temporary failure|.*connection refused)/,
  ],
  [
    "registry-unreachable",
    /dial tcp [^:]*:?\S*: ((?:connect: )?(?:connection refused|no route to host|network is unreachable|i\/o timeout|connection timed out))|(i\/o timeout|TLS handshake timeout|context deadline exceeded|unexpected EOF|unexpected status[^:]*: 5\d\d[^"]*)/,
  ],
  ["image-not-in-registry", /: not found$|manifest unknown|NotFound.*not found/],
] as const;

/** Why pods' images cannot be pulled, by registry. */
export function pullFindings(facts: Facts): Finding[] {
  return troubles(facts).flatMap(({ pod, container, reason, message }) => {
    if (container === undefined || !/^(ErrImagePull|ImagePullBackOff)$/.test(reason)) return [];
    if (
      nameWithoutDomain(factsAt(facts, pod.node), container.image) !== undefined ||
      /no match for platform/.test(message)
    )
      return [];
    const failure = failures.find(([, pattern]) => pattern.test(message));
    if (failure === undefined) return [];
    const [id, pattern] = failure;
    const image = fullNameOf(container.image);
    const context = {
      evidence: [said({ pod, reason, message })],
      hangs: [`${chainOf(pod)} → image ${image}`],
      node: pod.node,
    };
    const [, scheme = "https", asked = registryOf(container.image)] = /"(https?):\/\/([^/"]+)\//.exec(message) ?? [];
    const [, ...because] = pattern.exec(message) ?? [];
    const why = because.find((part) => part !== undefined)?.trim() ?? "";
    switch (id) {
      case "registry-certificate":
        return [finding(id, { registry: asked, reason: why || "not valid" }, context)];
      case "registry-unreachable":
        return [finding(id, { registry: asked, reason: why, url: `${scheme}://${asked}` }, context)];
      case "registry-speaks-http":
        return [finding(id, { registry: asked, mirrored: mirroredIn(message) ?? asked }, context)];
      case "image-unknown-or-private":
      case "image-not-in-registry":
        return [finding(id, { registry: registryOf(container.image), image }, context)];
      default:
        return [finding(id, { registry: asked }, context)];
    }
  });
}

/** The registry that a mirror was asked in place of, by its request; `undefined` where the registry itself was asked. */
function mirroredIn(message: string): string | undefined {
  const [, query] = /"https?:\/\/[^/"]+\/[^"?]*\?([^"]*)"/.exec(message) ?? [];
  return new URLSearchParams(query).get("ns") ?? undefined;
}

const registriesFile = z.object({ mirrors: z.record(z.string(), z.unknown()).nullish() });

function mirrorsIn(text: string): string[] {
  try {
    return Object.keys(registriesFile.safeParse(load(text)).data?.mirrors ?? {});
  } catch {
    return [];
  }
}

/** Mirrors that are configured and not used. */
export function mirrorFindings(facts: Facts): Finding[] {
  const file = facts.k3s?.files.find(({ path }) => path === registriesPath);
  if (file === undefined) return [];
  const unit = k3sUnitOf(facts);
  const mirrors = mirrorsIn(file.text);
  const started = facts.units?.find(({ name, active }) => name === `${unit}.service` && active === "active")?.started;
  const loaded = new Set(
    (facts.k3s?.containerdFiles ?? []).flatMap(({ path }) => /certs\.d\/([^/]+)\/hosts\.toml$/.exec(path)?.[1] ?? []),
  );
  const stale =
    started === undefined || file.mtime <= started + 1
      ? []
      : mirrors
          .filter((registry) => registry !== "*" && !loaded.has(registry))
          .map((registry) =>
            finding(
              "mirror-not-loaded",
              { registry, unit },
              { evidence: [`${file.path}: written ${time(file.mtime)}, ${unit} started ${time(started)}`] },
            ),
          );
  const own = ownPods(facts);
  const asked = troubles(facts).flatMap(({ container, reason, pod }) =>
    container !== undefined && own.includes(pod) && /^(ErrImagePull|ImagePullBackOff)$/.test(reason)
      ? [{ registry: registryOf(container.image), pod }]
      : [],
  );
  const differing = asked.flatMap(({ registry, pod }) => {
    if (mirrors.includes(registry) || mirrors.includes("*")) return [];
    const host = (name: string) => name.replace(/^https?:\/\//, "").replace(/:\d+$|\/.*$/g, "");
    const found = mirrors.find((mirror) => host(mirror) === host(registry));
    return found === undefined
      ? []
      : [
          finding(
            "mirror-key-differs",
            { found, registry, unit },
            { evidence: [`${file.path}: mirrors."${found}"`], hangs: [chainOf(pod)] },
          ),
        ];
  });
  return ofOwnNode(facts, [...stale, ...differing]);
}

/** A time of the board as `2026-11-21 08:33:27 UTC`. */
export function time(seconds: number): string {
  return new Date(seconds * 1000)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
}
