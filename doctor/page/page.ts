import { createHash } from "node:crypto";
import type { Facts } from "../facts";
import type { Finding } from "../findings";
import { html, Html } from "./html";
import { areaStrip, boardCard, clock, findingList, serviceList, unseenList, verdict } from "./parts";
import { imageTable, podTable } from "./tables";
import { style } from "./style";

/** The page may load nothing and run nothing: its one style sheet is allowed by its checksum. */
const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'`;

/**
 * What the doctor says as one HTML page that stands for itself: no script, no address of anything, readable on a phone, light and dark. All
 * that a board said is escaped. Pure.
 */
export function doctorPage(facts: Facts, findings: readonly Finding[]): string {
  const name = facts.host?.hostname ?? facts.board;
  return html`${new Html("<!doctype html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${name}: ${findings.length === 0 ? "nothing is wrong" : (findings[0]?.sentence ?? "")}</title>
        ${new Html(`<style>${style}</style>`)}
      </head>
      <body>
        <main>
          <h1>${name}</h1>
          <p class="soft">${facts.board}, ${clock(facts.at)}</p>
          ${verdict(facts, findings)} ${areaStrip(facts, findings)} ${findingList(findings)} ${boardCard(facts)}
          ${serviceList(facts)} ${imageTable(facts, findings)} ${podTable(facts)} ${unseenList(facts)}
          <footer class="soft">
            Written by <code>npm run doctor -- --html</code> of k3s-board. Secrets were taken out of what the board
            said.
          </footer>
        </main>
      </body>
    </html> `.text;
}
