import { createHash } from 'node:crypto';
import type { Finding } from '../lint/finding.ts';
import { escaped } from './escaped.ts';
import { htmlFinding } from './html-finding.ts';
import { htmlRow } from './html-row.ts';
import type { Review, ReviewException } from './review.ts';
import { STYLE } from './style.ts';

/**
 * The review as one HTML page, to be read, printed and signed. It asks for nothing and runs nothing, and its policy says
 * so to the browser; all text of the matrix is escaped (threats W01).
 */
export function toHtml(review: Review): string {
  const { title, rows, exceptions, findings } = review;
  const digest = createHash('sha256').update(STYLE).digest('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}, revision ${escaped(review.revision)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${head(review)}
<h2 id="overview">Overview</h2>
${overview(review)}
<h2>Rows</h2>
${rows.map((row, index) => htmlRow(row, index + 1)).join('\n')}
<h2>Exceptions</h2>
${exceptions.length === 0 ? '<p class="none">None: no row deviates from a rule.</p>' : exceptionTable(exceptions)}
${findings.length === 0 ? '' : `<h2>Other findings</h2>\n${findings.map(htmlFinding).join('\n')}`}
${people(review)}
${signature(review)}
<footer>Made by behalf matrix render from revision ${escaped(review.revision)} on ${escaped(review.date)}. This page asks for nothing and runs nothing.</footer>
</main>
</body>
</html>
`;
}

function head({ title, revision, trustDomain, federates, routing, date, counts }: Review): string {
  const tiles = [
    [counts.rows, 'rows', ''],
    [counts.boundaries, 'boundaries', ''],
    [counts.agents, 'agents', ''],
    [counts.exceptions, 'exceptions', counts.exceptions > 0 ? 'warn' : ''],
    [counts.errors, 'errors', counts.errors > 0 ? 'bad' : ''],
    [counts.warnings, 'warnings', counts.warnings > 0 ? 'warn' : ''],
  ];
  const also = federates.length === 0 ? '' : `<span>Federates with <b>${escaped(federates.join(', '))}</b></span>`;
  return `<header>
<p class="eyebrow">Auth matrix for review</p>
<h1>${escaped(title)}</h1>
<p class="about"><span>Revision <b><code>${escaped(revision)}</code></b></span><span>Trust domain <b>${escaped(trustDomain)}</b></span>${also}<span>Routing <b>${escaped(routing)}</b></span><span>Date <b>${escaped(date)}</b></span></p>
<ul class="counts" aria-label="Summary">${tiles.map(([count, label, tone]) => `<li class="${tone}"><b>${count}</b>${label}</li>`).join('')}</ul>
</header>`;
}

function overview({ rows }: Review): string {
  return table(
    ['Row', 'Protocol', 'Boundary', 'Agents', 'Credential', 'Revocation', 'Findings'],
    rows.map(({ id, protocol, boundary, agents, credential, revocation, findings }, index) => [
      `<a href="#row-${index + 1}">${breakable(id)}</a>`,
      breakable(protocol),
      // An arrow of two characters must not be broken in two.
      escaped(boundary).replaceAll('-&gt;', '<span class="nb">-&gt;</span>'),
      ...[agents, credential, revocation].map(escaped),
      amountOf(findings),
    ]),
  );
}

/** Long names break at their dots. */
function breakable(text: string): string {
  return escaped(text).replaceAll('.', '.<wbr>');
}

function amountOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'none';
  const tone = findings.some(({ severity }) => severity === 'error') ? 'bad' : 'warn';
  return `<b class="${tone}">${findings.length}</b>`;
}

function exceptionTable(exceptions: readonly ReviewException[]): string {
  return table(
    ['Row', 'Exception from', 'Owner', 'Reason', 'Last day'],
    exceptions.map(({ hop, rule, owner, reason, expires, isOver }) => [
      escaped(hop),
      `<code>${escaped(rule)}</code>`,
      escaped(owner),
      escaped(reason),
      isOver ? `<span class="bad">${escaped(expires)}: over, the row denies</span>` : escaped(expires),
    ]),
  );
}

function people({ agents, authorities }: Review): string {
  return `<h2>Agents</h2>
${table(
  ['Agent', 'SPIFFE ID', 'Known elsewhere as', 'Rows'],
  agents.map(({ name, spiffeId, clients, rows }) => [
    escaped(name),
    `<code>${escaped(spiffeId)}</code>`,
    escaped(clients),
    String(rows),
  ]),
)}
<h2>Authorities</h2>
${table(
  ['Authority', 'Kind', 'Issuer', 'May assert grants', 'Owner'],
  authorities.map(({ name, kind, issuer, grants, owner }) => [
    escaped(name),
    escaped(kind),
    issuer === '' ? '' : `<code>${escaped(issuer)}</code>`,
    escaped(grants),
    escaped(owner),
  ]),
)}`;
}

function signature({ counts, revision }: Review): string {
  return `<h2>Signature</h2>
<section class="sign" aria-label="Signature">
<p>I have reviewed the ${counts.rows} rows of revision <code>${escaped(revision)}</code>, their exceptions and their findings.</p>
${signatory('Reviewed by')}
${signatory('Approved by')}
</section>`;
}

function signatory(role: string): string {
  return `<div><b>${role}</b><span>Name</span><span>Date</span><span>Signature</span></div>`;
}

/** Cells are HTML already; the first of each row is its header. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(head[0] ?? '')} table"><table>
<thead><tr>${head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}</tbody>
</table></div>`;
}

function cells(row: readonly string[]): string {
  return row.map((cell, index) => (index === 0 ? `<th scope="row">${cell}</th>` : `<td>${cell}</td>`)).join('');
}
