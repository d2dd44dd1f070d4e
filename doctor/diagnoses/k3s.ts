import { bundledComponents } from "../../components/k3s/config";
import { originText } from "../../components/k3s/configuration/sources";
import { describeUnit } from "../../provider/systemd/health";
import { configurationOf, setting } from "../configuration";
import type { Facts, UnitFacts } from "../facts";
import { finding, type Finding } from "../findings";
import { lastWordsFirst, linesSince } from "../journal";
import { ofOwnNode } from "../node";
import { k3sUnitOf } from "../trouble";
import { registriesPath, time } from "./registries";

/** Seconds after a start in which k3s itself writes and deletes bundled manifests on a slow board. */
const settlingSeconds = 600;
/** Seconds that a run of k3s takes which ends as it begins: one that began just now may not have said why yet, as the one before it has. */
const runSeconds = 300;

/** What is wrong with k3s itself: its service, its configuration, its manifests. */
export function k3sFindings(facts: Facts): Finding[] {
  const ofBoard = [...service(facts), ...configuration(facts), ...manifests(facts)];
  return [...ofOwnNode(facts, ofBoard), ...versions(facts), ...nodes(facts)];
}

function unitOf(facts: Facts): UnitFacts | undefined {
  return facts.units?.find(({ name, load }) => name === `${k3sUnitOf(facts)}.service` && load === "loaded");
}

const refusedToken =
  /token CA hash does not match[^"]*|encrypted with different token[^"]*|invalid token format[^"]*|[Nn]ode password rejected[^"]*|failed to normalize (?:server )?token[^"]*/;

function service(facts: Facts): Finding[] {
  const unit = k3sUnitOf(facts);
  const state = unitOf(facts);
  const journal = facts.journal[unit] ?? [];
  if (state === undefined) {
    const sure =
      facts.units !== undefined && facts.nodes === undefined && facts.k3s === undefined && facts.kubeadm === undefined;
    return sure ? [finding("k3s-missing", {})] : [];
  }
  const recent = linesSince(journal, state.started && state.started - runSeconds);
  const tokenLine = state.active === "active" ? undefined : recent.findLast((line) => refusedToken.test(line));
  const token =
    tokenLine === undefined
      ? []
      : [
          finding(
            "token-mismatch",
            { unit, reason: refusedToken.exec(tokenLine)?.[0].trim() ?? "" },
            { evidence: [tokenLine] },
          ),
        ];
  if (state.active !== "active") {
    const described = describeUnit(state);
    return [...token, finding("k3s-down", { unit, state: described }, { evidence: lastWordsFirst(journal) })];
  }
  const silence = facts.unseen.find(({ what, silent }) => what === "sandboxes" && silent);
  return silence === undefined
    ? []
    : [
        finding(
          "containerd-down",
          { unit, reason: silence.why },
          { evidence: journal.filter((line) => /containerd/i.test(line)).slice(-3) },
        ),
      ];
}

function configuration(facts: Facts): Finding[] {
  const unit = k3sUnitOf(facts);
  const state = unitOf(facts);
  if (state === undefined || facts.k3s === undefined) return [];
  const { started } = state;
  const changed =
    started === undefined || state.active !== "active"
      ? []
      : facts.k3s.files
          .filter(({ path, mtime }) => path !== registriesPath && mtime > started + 1)
          .map(({ path, mtime }) =>
            finding(
              "config-not-running",
              { file: path, unit },
              { evidence: [`${path}: written ${time(mtime)}, ${unit} started ${time(started)}`] },
            ),
          );
  const reload = state.needsDaemonReload
    ? [finding("unit-not-reloaded", { unit }, { evidence: [`systemctl show ${unit}: NeedDaemonReload=yes`] })]
    : [];
  const unknown = (configurationOf(facts)?.unknown ?? []).map(({ name, from }) =>
    finding(
      "config-unknown-key",
      { version: facts.k3s?.version ?? "", key: name, file: from.kind === "file" ? from.path : originText(from) },
      { evidence: [`${originText(from)}: ${name}`] },
    ),
  );
  return [...changed, ...reload, ...unknown];
}

/** Bundled components by the name of their manifest. */
const bundledFiles = new Map<string, string>(bundledComponents.map((name) => [`${name}.yaml`, name]));

function manifests(facts: Facts): Finding[] {
  const state = unitOf(facts);
  if (state?.started === undefined || state.active !== "active" || facts.k3s?.role !== "server") return [];
  const started = state.started;
  const disabled = new Set(setting(facts, "disable"));
  const files = facts.k3s.dataFiles.filter(({ path }) => /^server\/manifests\/[^/]+$/.test(path));
  const skipped = new Set(files.flatMap(({ path }) => /([^/]+)\.skip$/.exec(path)?.[1] ?? []));
  const there = files.flatMap(({ path, mtime }) => {
    const name = path.slice("server/manifests/".length);
    const component = bundledFiles.get(name);
    if (component === undefined || skipped.has(name) || mtime <= started + settlingSeconds) return [];
    const evidence = [`${path}: written ${time(mtime)}, k3s started ${time(started)}`];
    return disabled.has(component)
      ? [finding("manifest-disabled", { file: path, component }, { evidence: [...evidence, `disable: ${component}`] })]
      : [finding("manifest-edited", { file: path }, { evidence })];
  });
  const deleted = (facts.events ?? []).flatMap(({ reason, message, at }) => {
    const [, path, name = ""] = /"(\S*\/([^/"]+))"/.exec(message) ?? [];
    const component = bundledFiles.get(name);
    if (!/^Delet(ing|ed)Manifest$/.test(reason) || component === undefined || path === undefined) return [];
    if (!disabled.has(component) || at <= started + settlingSeconds) return [];
    return [
      finding(
        "manifest-disabled",
        { file: path, component },
        { evidence: [`${time(at)} ${message}`, `disable: ${component}`] },
      ),
    ];
  });
  return [...there, ...deleted];
}

/** Kubelets may be up to three minor versions older than the API server and never newer (kubernetes.io, "Version Skew Policy"). */
function versions({ nodes, k3s }: Facts): Finding[] {
  const minor = (version: string) => Number(/^v1\.(\d+)/.exec(version)?.[1]);
  const version = k3s?.version ?? "";
  return (nodes ?? []).flatMap(({ name, kubelet }) => {
    const behind = minor(version) - minor(kubelet);
    if (Number.isNaN(behind) || (behind >= 0 && behind <= 3)) return [];
    const reason =
      behind < 0 ? "a node may not be newer than its server" : "a node may be three minor versions older at most";
    return [
      finding(
        "version-skew",
        { node: name, found: kubelet, version, reason },
        { evidence: [`node ${name}: ${kubelet}; API server: ${version}`] },
      ),
    ];
  });
}

function nodes(facts: Facts): Finding[] {
  return (facts.nodes ?? []).flatMap(({ name, conditions }) => {
    const pressure = conditions.find(({ type, status }) => type === "DiskPressure" && status === "True");
    const ready = conditions.find(({ type }) => type === "Ready");
    return [
      ...(pressure === undefined
        ? []
        : [
            finding(
              "disk-pressure",
              { node: name, reason: pressure.message },
              { evidence: [`node ${name}: DiskPressure: ${pressure.message}`] },
            ),
          ]),
      ...(ready?.status === "True"
        ? []
        : [
            finding(
              "node-not-ready",
              { node: name, reason: ready?.message ?? "no status yet" },
              { evidence: [`node ${name}: Ready is ${ready?.status ?? "not told"}`] },
            ),
          ]),
    ];
  });
}
