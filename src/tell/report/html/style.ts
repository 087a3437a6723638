import { createHash } from "node:crypto";

/** The whole appearance of the page: light and dark, on a phone and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --line: #dde1e6; --ink: #1b1f24; --soft: #565f6b;
  --blue: #0b57c0; --teal: #0a6b61; --red: #b3261e; --green: #17692f; --amber: #7d5000; --tunnel: #6b3fa0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --panel: #1d2226; --line: #343b42; --ink: #e7eaed; --soft: #a3adb8;
    --blue: #82b4ff; --teal: #6fd3c5; --red: #ff9288; --green: #7bd394; --amber: #e9bb5c; --tunnel: #c4a2f2;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--soft); margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .75rem; }
h3 { font-size: .95rem; margin: 0; }
p { margin: 0 0 .75rem; overflow-wrap: anywhere; }
section { margin-top: 2.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .9em; overflow-wrap: anywhere; white-space: pre-wrap; }
pre {
  margin: 0 0 1rem; padding: .75rem .9rem; font-size: .82rem; line-height: 1.5; background: var(--panel);
  border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere;
}
a { color: var(--blue); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
.badge {
  display: inline-block; margin-bottom: 1rem; padding: .15rem .65rem; border: 1.5px solid currentColor;
  border-radius: 999px; font-size: .85rem; font-weight: 600;
}
.is-broken { color: var(--red); }
.is-healthy { color: var(--green); }
.is-unknown { color: var(--amber); }
.summary { font-size: 1.55rem; line-height: 1.3; font-weight: 600; margin: .35rem 0 1.25rem; }
.summary code { font-size: .88em; }
dl { display: grid; grid-template-columns: minmax(6.5rem, max-content) 1fr; gap: .4rem 1.25rem; margin: 0 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
header dl { font-size: .9rem; margin-bottom: 0; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1rem; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
th { white-space: nowrap; }
td { overflow-wrap: anywhere; }
.line { display: block; }
.line + .line { color: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 1.6rem; }
.mark { white-space: nowrap; }
.ok { color: var(--green); }
.failed { color: var(--red); font-weight: 600; }
.skipped { color: var(--soft); }
.unknown { color: var(--amber); }
.exhibit { margin-bottom: 1.25rem; }
.exhibit p { font-size: .85rem; color: var(--soft); margin: 0 0 .4rem; }
.exhibit:target h3 { color: var(--red); }
figure { margin: 0; }
figure svg { display: block; width: 100%; max-width: 30rem; height: auto; }
figcaption { font-size: .8rem; color: var(--soft); margin-top: .5rem; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; margin: .75rem 0; }
.node { fill: none; stroke: var(--soft); stroke-width: 1.25; }
.netns { fill: var(--panel); stroke: var(--line); }
.elsewhere { fill: none; stroke: var(--soft); stroke-dasharray: 4 4; }
.tunnel { fill: none; stroke: var(--tunnel); stroke-width: 1.5; }
.request { stroke: var(--blue); fill: none; stroke-width: 2.25; }
.reply { stroke: var(--teal); fill: none; stroke-width: 2.25; }
.unseen { stroke: var(--soft); stroke-dasharray: 2 5; }
.untold { stroke-dasharray: 7 4; }
.port { fill: var(--paper); stroke-width: 2.25; }
.port.request.full { fill: var(--blue); }
.port.reply.full { fill: var(--teal); }
.port.request, .port.reply { stroke-dasharray: none; }
.tip.request { fill: var(--blue); stroke: none; }
.tip.reply { fill: var(--teal); stroke: none; }
.halo, .cross { fill: none; stroke: var(--red); stroke-width: 2.5; }
svg text { fill: var(--ink); font-size: 12.5px; }
svg .name { font-weight: 700; font-size: 13.5px; }
svg .dim { fill: var(--soft); font-size: 11.5px; }
svg .loss { fill: var(--red); font-weight: 700; }
svg .lane-request { fill: var(--blue); font-size: 11.5px; }
svg .lane-reply { fill: var(--teal); font-size: 11.5px; }
svg .in-tunnel { fill: var(--tunnel); font-size: 11.5px; }
@media (min-width: 40.01rem) {
  #timeline td:first-child code { white-space: nowrap; }
  #ladder td:first-child { min-width: 6.5rem; }
}
@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 3rem; }
  .summary { font-size: 1.3rem; }
  dl { grid-template-columns: 1fr; gap: .1rem; }
  dd { margin-bottom: .6rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  td { padding: .1rem 0; border: 0; }
  td:empty { display: none; }
  td.number { text-align: left; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: .8rem; margin-right: .4rem; }
}
@media print {
  :root {
    --paper: #ffffff; --panel: #f5f6f8; --line: #c9ced5; --ink: #000000; --soft: #444b54;
    --blue: #0b57c0; --teal: #0a6b61; --red: #b3261e; --green: #17692f; --amber: #7d5000; --tunnel: #6b3fa0;
  }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  section { margin-top: 1.2rem; padding-top: .8rem; }
  h2, h3 { break-after: avoid; }
  tr, figure, .exhibit, pre { break-inside: avoid; }
  figure svg { max-width: 24rem; }
  details { display: none; }
  a { color: inherit; }
}
`;

/** Nothing is loaded, run or sent: of all that a page may do, only this style is let in. */
export const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
