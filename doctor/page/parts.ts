import type { Facts } from "../facts";
import type { Finding } from "../findings";
import { platformOf } from "../trouble";
import { html, type Content, type Html } from "./html";
import { areaStates, countsOf, signs, unitTone, worstOf, type Tone } from "./states";

/** The one sentence for who looks at nothing else. */
export function verdict(facts: Facts, findings: readonly Finding[]): Html {
  const tone = worstOf(findings);
  const [first] = findings;
  const blind = facts.unseen.length > 0 ? `${facts.unseen.length} things could not be seen` : "everything was seen";
  return html`<section class="card verdict ${tone}" aria-label="Verdict">
    <span class="sign" aria-hidden="true">${signs[tone]}</span>
    <div>
      <strong>${first === undefined ? "Nothing is wrong as far as can be seen" : countsOf(findings)}</strong>
      <span>${first?.sentence ?? ""}</span> <span class="soft">${blind}, in ${facts.took} s</span>
    </div>
  </section>`;
}

/** A strip with the areas of a board, so that the eye finds where the fault lies. */
export function areaStrip(facts: Facts, findings: readonly Finding[]): Html {
  const items = areaStates(facts, findings).map(
    ({ area, tone, words }) =>
      html`<li class="${tone}" data-area="${area}">
        <b>${signs[tone]} ${area.charAt(0).toUpperCase()}${area.slice(1)}</b><span>${words}</span>
      </li>`,
  );
  return html`<ul class="areas" aria-label="Areas">
    ${items}
  </ul>`;
}

/** A chain such as `Deployment a → pod b` in steps that may break between them. */
function chain(line: string): Html {
  return html`${line.split(" → ").map((step) => html`<span class="step">${step}</span>`)}`;
}

/** A remedy with its `words of a program` set apart. */
function withCode(text: string): Html {
  return html`${text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** Findings, each a root with its remedy, what hangs on it and what the board said. */
export function findingList(findings: readonly Finding[]): Html {
  if (findings.length === 0) return html``;
  const items = findings.map(
    ({ id, severity, sentence, remedy, evidence, hangs }) =>
      html`<li class="card ${severity}" data-finding="${id}">
        <header><span class="badge">${severity}</span><span class="soft">${id}</span></header>
        <h3>${sentence}</h3>
        <p class="remedy"><b>Remedy</b>${withCode(remedy)}</p>
        ${
          hangs.length === 0
            ? undefined
            : html`<div class="hangs">
                <span class="soft">What hangs on it</span>
                <ul>
                  ${hangs.map((line) => html`<li>${chain(line)}</li>`)}
                </ul>
              </div>`
        }
        ${
          evidence.length === 0
            ? undefined
            : html`<details>
                <summary>What the board said</summary>
                <ul class="evidence">
                  ${evidence.map((line) => html`<li><code>${line}</code></li>`)}
                </ul>
              </details>`
        }
      </li>`,
  );
  return html`<h2>Findings</h2>
    <ul class="findings">
      ${items}
    </ul>`;
}

function term(name: string, value: Content): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** A bar that is full at 100 %; drawn, because an attribute `style` is forbidden to the page. */
function bar(percent: number, tone: Tone): Html {
  const width = Math.min(100, Math.max(0, percent));
  return html`<div class="bar ${tone}" role="img" aria-label="${percent} %">
    <svg viewBox="0 0 100 1" preserveAspectRatio="none"><rect width="${width}" height="1" /></svg>
  </div>`;
}

const gibibytes = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
const fullness = (percent: number): Tone => (percent >= 95 ? "error" : percent >= 85 ? "warning" : "ok");

function hostTerms({ host }: Facts): readonly Html[] {
  if (host === undefined) return [];
  const memory = host.cgroupControllers.includes("memory") ? ", memory" : "";
  return [
    term("System", host.os),
    term("Kernel", host.kernel),
    term("Processors", host.cpus),
    term("Control groups", `v${host.cgroupVersion}${memory}`),
  ];
}

function nodeTerms({ nodes = [] }: Facts): readonly Html[] {
  const badges = nodes.map(({ name, conditions }) => {
    const ready = conditions.some(({ type, status }) => type === "Ready" && status === "True");
    return html`<span class="badge ${ready ? "ok" : "error"}">${name} ${ready ? "Ready" : "not Ready"}</span>`;
  });
  return badges.length === 0 ? [] : [term("Nodes", html`<span class="badges">${badges}</span>`)];
}

function securityTerms({ security }: Facts): readonly Html[] {
  return [
    ...(security?.firewalld ? [term("Firewall", "firewalld")] : []),
    ...(security?.selinuxEnforcing ? [term("SELinux", "enforcing")] : []),
  ];
}

function spaceTerms({ host, storage }: Facts): readonly Html[] {
  if (storage === undefined) return [];
  const disks = storage.disks.map(({ mount, usedPercent, availableBytes }) => {
    const text = `${usedPercent} %, ${gibibytes(availableBytes)} free`;
    return term(`Disk ${mount}`, html`${text}${bar(usedPercent, fullness(usedPercent))}`);
  });
  if (host === undefined || host.memoryBytes === 0) return disks;
  const used = Math.round(100 - (100 * storage.memoryAvailableBytes) / host.memoryBytes);
  const memory = html`${used} % of ${gibibytes(host.memoryBytes)}${bar(used, fullness(used))}`;
  return [term("Memory", memory), ...disks];
}

/** What the board is. */
export function boardCard(facts: Facts): Html {
  const { host, k3s } = facts;
  const role = k3s?.role === undefined ? "" : `, ${k3s.role}`;
  const architecture = host === undefined ? "not seen" : html`<span class="badge note">${platformOf(facts)}</span>`;
  return html`<h2>Board</h2>
    <section class="card">
      <dl class="facts">
        ${term("Architecture", architecture)} ${hostTerms(facts)}
        ${term("k3s", k3s === undefined ? "none" : `${k3s.version ?? "version not seen"}${role}`)} ${nodeTerms(facts)}
        ${securityTerms(facts)} ${spaceTerms(facts)}
      </dl>
    </section>`;
}

/** The services that matter, those that are there first. */
export function serviceList(facts: Facts): Html {
  const { units } = facts;
  if (units === undefined)
    return html`<h2>Services</h2>
      <p class="soft">not seen</p>`;
  const there = units.filter(({ load }) => load === "loaded");
  if (there.length === 0)
    return html`<h2>Services</h2>
      <p class="soft">none of ${units.map(({ name }) => name).join(", ")}</p>`;
  const items = there.map((unit) => {
    const { name, active, sub, restarts, started } = unit;
    const since = started === undefined || active !== "active" ? "" : `, since ${clock(started)}`;
    const again = restarts > 0 ? `, restarted ${restarts} times` : "";
    return html`<li class="card ${unitTone(unit)}">
      <span class="dot" aria-hidden="true"></span>
      <div>${name}<br /><span class="soft">${active} (${sub})${since}${again}</span></div>
    </li>`;
  });
  return html`<h2>Services</h2>
    <ul class="services">
      ${items}
    </ul>`;
}

/** What the doctor did not see, and why. */
export function unseenList({ unseen }: Facts): Html {
  if (unseen.length === 0) return html``;
  return html`<h2>Could not be seen</h2>
    <section class="card"><dl class="facts">${unseen.map(({ what, why }) => term(what, why))}</dl></section>`;
}

/** A time as `2026-11-21 08:33 UTC`. */
export function clock(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
