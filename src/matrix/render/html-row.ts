import { escaped } from './escaped.ts';
import { htmlFinding } from './html-finding.ts';
import type { Fact, Line, ReviewException, ReviewRow } from './review.ts';

/** One row as a card. */
export function htmlRow(row: ReviewRow, number: number): string {
  const { id, description, protocol, boundary, isObserved, facts, exceptions, findings } = row;
  const heading = `row-${number}`;
  return `<article class="card${isObserved ? ' observed' : ''}" aria-labelledby="${heading}">
<header><h3 id="${heading}"><span class="number">${number}</span> ${escaped(id)}</h3>
<p class="tags"><span class="tag">${escaped(protocol)}</span> <span class="tag">${escaped(boundary)}</span>${isObserved ? ' <span class="tag bad">only observed</span>' : ''}</p>
<p class="description">${escaped(description)}</p></header>
<dl>${facts.map(fact).join('')}</dl>
${exceptions.map(exceptionNote).join('')}${findings.map(htmlFinding).join('')}</article>`;
}

function fact({ label, lines }: Fact): string {
  return `<div><dt>${escaped(label)}</dt><dd>${lines.map(line).join('')}</dd></div>\n`;
}

function line({ text, code, tone }: Line): string {
  // Paths and SPIFFE IDs break where they may.
  const said = code === true ? `<code>${escaped(text).replaceAll('/', '/<wbr>')}</code>` : escaped(text);
  // Colour is never the only sign (WCAG 1.4.1).
  const sign = tone === undefined ? '' : `<span aria-hidden="true">${tone === 'good' ? '✓' : '✗'} </span>`;
  return `<p${tone === undefined ? '' : ` class="${tone}"`}>${sign}${said}</p>`;
}

function exceptionNote({ rule, owner, reason, expires, isOver }: ReviewException): string {
  const until = isOver ? `ran out after ${expires}: the row denies` : `until ${expires}`;
  return `<p class="note ${isOver ? 'error' : 'warning'}"><strong>Exception</strong> <code>${escaped(rule)}</code> ${escaped(until)}, owned by ${escaped(owner)}: ${escaped(reason)}</p>\n`;
}
