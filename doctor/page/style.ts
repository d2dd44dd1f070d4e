/** The page's one style sheet: no fonts, images or other resources from anywhere. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --line: #d9dde3; --text: #1b2330; --soft: #5a6575;
  --error: #b3261e; --error-soft: #fce8e6; --warning: #8a5300; --warning-soft: #fdf0d5;
  --note: #24569f; --note-soft: #e6effb; --ok: #1a6e3c; --ok-soft: #e1f3e7; --track: #e4e7ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b2129; --line: #333c48; --text: #e8ecf2; --soft: #a2adbb;
    --error: #ff9a90; --error-soft: #43201d; --warning: #f5bf62; --warning-soft: #3d2e12;
    --note: #92bdf7; --note-soft: #1b2d47; --ok: #7fd6a0; --ok-soft: #17351f; --track: #333c48;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 48px; }
h1, h2, h3, p, ul, ol, dl, dd { margin: 0; padding: 0; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 32px 0 12px; }
h3 { font-size: 1rem; line-height: 1.4; overflow-wrap: anywhere; }
ul, ol { list-style: none; }
code, pre { font: 0.84rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.soft { color: var(--soft); font-size: 0.9rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; }
.error { --tone: var(--error); --tone-soft: var(--error-soft); }
.warning { --tone: var(--warning); --tone-soft: var(--warning-soft); }
.note { --tone: var(--note); --tone-soft: var(--note-soft); }
.ok { --tone: var(--ok); --tone-soft: var(--ok-soft); }
.unseen { --tone: var(--soft); --tone-soft: var(--track); }
.badge { display: inline-block; padding: 1px 9px; border-radius: 999px; background: var(--tone-soft); color: var(--tone); font-size: 0.82rem; font-weight: 600; line-height: 1.6; }
.badge.plain { background: none; border: 1px solid var(--line); color: var(--soft); font-weight: 400; }
.badges { display: flex; flex-wrap: wrap; gap: 4px; }
.verdict { margin-top: 14px; display: flex; gap: 16px; align-items: center; border-left: 6px solid var(--tone); }
.verdict > .sign { flex: none; display: grid; place-items: center; width: 48px; height: 48px; border-radius: 50%; background: var(--tone-soft); color: var(--tone); font-size: 1.6rem; font-weight: 700; }
.verdict span { display: block; overflow-wrap: anywhere; }
.verdict strong { display: block; color: var(--tone); font-size: 1.05rem; }
.areas { display: grid; grid-template-columns: repeat(6, 1fr); gap: 8px; margin-top: 12px; }
.areas li { background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--tone); border-radius: 8px; padding: 8px 10px; min-width: 0; }
.areas b { display: block; }
.areas span { display: block; font-size: 0.85rem; line-height: 1.35; color: var(--tone); overflow-wrap: anywhere; }
.findings > li { margin-bottom: 12px; border-left: 6px solid var(--tone); }
.findings header { display: flex; flex-wrap: wrap; gap: 8px; align-items: baseline; margin-bottom: 4px; }
.remedy { margin-top: 12px; padding: 10px 12px; border-radius: 8px; background: var(--ok-soft); overflow-wrap: anywhere; }
.remedy b { color: var(--ok); margin-right: 6px; }
.hangs { margin-top: 12px; }
.hangs ul { margin-top: 4px; border-left: 2px solid var(--line); padding-left: 14px; }
.hangs li { position: relative; padding: 3px 0; overflow-wrap: anywhere; }
.hangs li::before { content: ""; position: absolute; left: -14px; top: 1em; width: 9px; border-top: 2px solid var(--line); }
.step + .step::before { content: "\\2192"; color: var(--soft); padding: 0 6px; }
details { margin-top: 10px; }
summary { cursor: pointer; color: var(--soft); font-size: 0.9rem; padding: 4px 0; }
.evidence li { margin-top: 4px; padding: 6px 10px; border-radius: 6px; background: var(--page); overflow-wrap: anywhere; white-space: pre-wrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 14px 20px; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { overflow-wrap: anywhere; }
.bar { height: 8px; margin-top: 5px; border-radius: 4px; background: var(--track); overflow: hidden; }
.bar svg { display: block; width: 100%; height: 100%; }
.bar rect { fill: var(--tone); }
.services { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 8px; }
.services li { display: flex; gap: 10px; align-items: baseline; min-width: 0; padding: 10px 14px; }
.services div { min-width: 0; overflow-wrap: anywhere; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; background: var(--tone); }
table { width: 100%; border-collapse: collapse; }
.table { padding: 4px 16px; }
th { text-align: left; color: var(--soft); font-size: 0.85rem; font-weight: 500; padding: 8px 14px 8px 0; white-space: nowrap; }
td { padding: 9px 14px 9px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
td.name, td:last-child { overflow-wrap: anywhere; }
td:last-child, th:last-child { padding-right: 0; }
.name { font-weight: 500; min-width: 180px; }
td .badge { white-space: nowrap; }
footer { margin-top: 32px; }
@media (max-width: 720px) {
  main { padding: 14px 12px 32px; }
  h1 { font-size: 1.25rem; }
  .areas { grid-template-columns: repeat(2, 1fr); }
  .facts { grid-template-columns: repeat(2, 1fr); }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; }
  tr { padding: 10px 0; border-top: 1px solid var(--line); }
  tbody tr:first-child { border-top: 0; }
  td { display: flex; gap: 10px; padding: 2px 0; border: 0; }
  td::before { content: attr(data-label); flex: none; width: 84px; color: var(--soft); font-size: 0.85rem; }
  td > * { min-width: 0; }
  td.name { display: block; }
  td .badge { white-space: normal; }
  td.name::before, td:not([data-label]) { display: none; }
}
@media print { .card, .areas li { break-inside: avoid; } }
`;
