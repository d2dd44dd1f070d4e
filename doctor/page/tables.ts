import type { Facts } from "../facts";
import type { Finding } from "../findings";
import { twoViews } from "../pods";
import { platformOf } from "../trouble";
import { html, type Content, type Html } from "./html";
import { shownImages, type ShownImage } from "./images";
import { signs, type Tone } from "./states";

/** A column: its heading, and a shorter one for a phone, where each row is a card. */
interface Column {
  readonly heading: string;
  readonly short?: string;
}

/** A table whose first column names the row. A cell without content is not shown on a phone. */
function tableOf(columns: readonly Column[], rows: readonly (readonly Content[])[]): Html {
  const cell = (content: Content, index: number) => {
    if (content === undefined) return html`<td></td>`;
    const label = columns[index]?.short ?? columns[index]?.heading;
    return html`<td${index === 0 ? html` class="name"` : undefined} data-label="${label}"><div>${content}</div></td>`;
  };
  const headings = columns.map(({ heading }) => html`<th scope="col">${heading}</th>`);
  const body = rows.map(
    (row) =>
      html`<tr>
        ${row.map(cell)}
      </tr>`,
  );
  return html`<div class="card table">
    <table>
      <thead>
        <tr>
          ${headings}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

const imageTones: Readonly<Record<ShownImage["state"], Tone>> = {
  fits: "ok",
  differs: "error",
  lies: "error",
  absent: "error",
  unknown: "unseen",
};

/** Badges beside the architecture that are shown at most; an index may have many. */
const badgesShown = 4;

function architectures({ state, platforms }: ShownImage, wanted: string): Html {
  if (state === "absent") return html`<span class="badge error">not on the board</span>`;
  if (state === "unknown") return html`<span class="badge unseen">not told</span>`;
  const short = (platform: string) => platform.replace(/^linux\//, "");
  const badges = platforms.slice(0, badgesShown).map((platform) => {
    const own = platform === wanted || platform.startsWith(`${wanted}/`);
    const tone = own ? imageTones[state] : state === "differs" ? "error" : "plain";
    return html`<span class="badge ${tone}"
      >${own || state === "differs" ? `${signs[imageTones[state]]} ` : ""}${short(platform)}</span
    >`;
  });
  const more = platforms.length - badgesShown;
  return html`${badges}${more > 0 ? html`<span class="badge plain">+${more}</span>` : undefined}${state === "lies" ? html`<span class="badge error">its program is not</span>` : undefined}`;
}

/** The images, with the architectures that they say they have. */
export function imageTable(facts: Facts, findings: readonly Finding[]): Html {
  const images = shownImages(facts, findings);
  const wanted = platformOf(facts);
  if (facts.images === undefined && images.length === 0)
    return html`<h2>Images</h2>
      <p class="soft">not seen</p>`;
  const columns = ["Image", "For", "Kept", "Asked by"].map((heading) => ({ heading }));
  const rows = images.map((image) => [
    image.name,
    html`<span class="badges">${architectures(image, wanted)}</span>`,
    image.state === "absent" ? undefined : image.pinned ? "pinned" : "may be collected",
    image.pods.length === 0 ? undefined : image.pods.join(", "),
  ]);
  return html`<h2>Images</h2>
    ${tableOf(columns, rows)}`;
}

const podColumns: readonly Column[] = [
  { heading: "Pod" },
  { heading: "kubectl" },
  { heading: "Sandbox (crictl)", short: "Sandbox" },
  { heading: "Containers (crictl)", short: "Containers" },
  { heading: "Meaning" },
];

/** Pods with kubectl's and crictl's views side by side. */
export function podTable(facts: Facts): Html {
  const rows = twoViews(facts).map(({ pod, kubectl, sandbox, containers, meaning }) => {
    const tone = /^(Running|Succeeded|Completed)$/.test(kubectl) ? "ok" : kubectl === "-" ? "unseen" : "error";
    const box = sandbox.startsWith("Ready") ? "ok" : /^(-|not seen)$/.test(sandbox) ? "unseen" : "error";
    return [
      pod,
      html`<span class="badge ${tone}">${kubectl}</span>`,
      html`<span class="badge ${box}">${sandbox}</span>`,
      containers === "-" ? undefined : containers,
      meaning === "" ? undefined : html`<span class="soft">${meaning}</span>`,
    ];
  });
  if (rows.length === 0)
    return html`<h2>Pods</h2>
      <p class="soft">none was seen</p>`;
  return html`<h2>Pods</h2>
    ${tableOf(podColumns, rows)}`;
}
