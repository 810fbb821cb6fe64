/** The look of the page: one file without requests, light and dark, on paper and on a phone. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --ink: #1a1f29; --soft: #566072; --line: #d9dde4; --mark: #20457c; --tint: #eef2f8; --good: #1d6b3c; --bad: #a3241b; --warn: #7a4b00; --bad-tint: #fdefed; --warn-tint: #fdf4e1; }
@media (prefers-color-scheme: dark) { :root { --page: #12151b; --card: #1b2029; --ink: #e8ebf0; --soft: #a3adbd; --line: #343c4a; --mark: #9dbdf0; --tint: #232b38; --good: #7fcf9c; --bad: #ff9c92; --warn: #f0c06a; --bad-tint: #38201f; --warn-tint: #332916; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1, h2, h3, p, dl, dd { margin: 0; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; }
h2 { font-size: 19px; margin: 44px 0 14px; letter-spacing: -0.01em; }
h3 { font-size: 17px; overflow-wrap: anywhere; }
code { font: 0.88em/1.5 ui-monospace, "SF Mono", Menlo, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.eyebrow { color: var(--mark); font-size: 12px; font-weight: 650; letter-spacing: 0.09em; text-transform: uppercase; margin-bottom: 6px; }
.about { display: flex; flex-wrap: wrap; gap: 4px 28px; margin-top: 16px; color: var(--soft); }
.about b { color: var(--ink); font-weight: 600; }
.counts { display: grid; grid-template-columns: repeat(6, 1fr); gap: 1px; margin-top: 26px; padding: 0; list-style: none; background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.counts li { background: var(--card); padding: 13px 16px; color: var(--soft); font-size: 13px; }
.counts b { display: block; color: var(--ink); font-size: 25px; line-height: 1.2; font-weight: 620; font-variant-numeric: tabular-nums; }
.counts .bad b { color: var(--bad); } .counts .warn b { color: var(--warn); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; vertical-align: top; padding: 9px 12px; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: 12px; font-weight: 600; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 600; }
a { color: var(--mark); text-decoration-thickness: 1px; text-underline-offset: 2px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 22px 16px; margin-top: 16px; break-inside: avoid; }
.card.observed { border-style: dashed; border-color: var(--bad); }
.card > header { display: grid; grid-template-columns: 1fr auto; gap: 2px 16px; padding-bottom: 14px; border-bottom: 1px solid var(--line); }
.number { color: var(--soft); font-weight: 500; font-variant-numeric: tabular-nums; margin-right: 4px; }
.description { color: var(--soft); grid-column: 1 / -1; }
.tags { display: flex; flex-wrap: wrap; gap: 6px; align-items: start; }
.tag { background: var(--tint); color: var(--mark); border-radius: 5px; padding: 1px 8px; font-size: 12.5px; font-weight: 550; white-space: nowrap; }
.tag.bad { background: var(--bad-tint); color: var(--bad); }
dl { columns: 2; column-gap: 40px; padding-top: 6px; }
dl > div { display: grid; grid-template-columns: 96px 1fr; gap: 12px; padding: 7px 0; break-inside: avoid; }
dt { color: var(--soft); font-size: 13px; padding-top: 1px; }
dd { font-size: 14px; min-width: 0; }
.sign b { white-space: nowrap; }
dd p { overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.nb { white-space: nowrap; }
.note { font-size: 13.5px; border-left: 3px solid; border-radius: 0 6px 6px 0; padding: 7px 12px; margin-top: 8px; overflow-wrap: anywhere; }
.note strong { margin-right: 2px; }
.note.error { background: var(--bad-tint); border-color: var(--bad); } .note.error strong { color: var(--bad); }
.note.warning { background: var(--warn-tint); border-color: var(--warn); } .note.warning strong { color: var(--warn); }
.none { color: var(--soft); }
.sign { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px 22px 26px; break-inside: avoid; }
.sign > div { display: grid; grid-template-columns: 110px 1.3fr 0.7fr 1.3fr; gap: 24px; align-items: end; margin-top: 38px; }
.sign span { border-top: 1px solid var(--soft); padding-top: 4px; color: var(--soft); font-size: 12px; }
footer { margin-top: 32px; color: var(--soft); font-size: 12.5px; }
@media screen and (max-width: 760px) { main { padding: 24px 14px 40px; } .counts { grid-template-columns: repeat(3, 1fr); } dl { columns: 1; } .card { padding: 16px 14px 12px; } .card > header { grid-template-columns: 1fr; gap: 6px; } dl > div { grid-template-columns: 84px 1fr; } .sign > div { grid-template-columns: 1fr; gap: 34px; } }
@media print { :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --mark: #20457c; --tint: #f0f2f6; --good: #14532d; --bad: #8f1d15; --warn: #6b4200; --bad-tint: #fff; --warn-tint: #fff; } @page { size: A4; margin: 14mm 13mm; } body { font-size: 10.5pt; } main { max-width: none; padding: 0; } h2 { break-after: avoid; } .scroll { overflow: visible; } table { font-size: 8.5pt; } th, td { padding: 4px 6px; overflow-wrap: break-word; } thead th { white-space: nowrap; } tr { break-inside: avoid; } .counts { grid-template-columns: repeat(6, 1fr); } dl { columns: 2; } .card { margin-top: 10px; padding: 12px 14px 8px; } dd, dt, .note { font-size: 9pt; } dl > div { grid-template-columns: 74px 1fr; padding: 4px 0; } a { color: inherit; text-decoration: none; } .sign > div { grid-template-columns: 100px 1.3fr 0.7fr 1.3fr; gap: 18px; } }
`;
