import type { Finding } from '../lint/finding.ts';
import type { Line, Review, ReviewException, ReviewRow } from './review.ts';
import { visible } from './visible.ts';

/** The review as Markdown (GitHub's tables). Nothing of the matrix becomes markup. */
export function toMarkdown(review: Review): string {
  const { title, revision, trustDomain, federates, routing, date, counts, rows, exceptions } = review;
  return [
    `# ${plain(title)}`,
    '',
    `Revision ${code(revision)} · trust domain ${code(trustDomain)} · routing ${plain(routing)} · ${plain(date)}`,
    ...(federates.length === 0 ? [] : ['', `Federates with ${federates.map(code).join(', ')}`]),
    '',
    `**${counts.rows}** rows · **${counts.boundaries}** boundaries · **${counts.agents}** agents · **${counts.exceptions}** exceptions · **${counts.errors}** errors · **${counts.warnings}** warnings`,
    '',
    ...table(
      ['Row', 'Protocol', 'Boundary', 'Agents', 'Credential', 'Revocation', 'Findings'],
      rows.map((row) => [
        code(row.id),
        plain(row.protocol),
        plain(row.boundary),
        plain(row.agents),
        plain(row.credential),
        plain(row.revocation),
        String(row.findings.length),
      ]),
    ),
    '',
    '## Rows',
    ...rows.flatMap(section),
    '',
    '## Exceptions',
    '',
    ...(exceptions.length === 0 ? ['None.'] : exceptionTable(exceptions)),
    ...(review.findings.length === 0 ? [] : ['', '## Other findings', '', ...findingList(review.findings)]),
    ...people(review),
    ...signature(review),
    '',
  ].join('\n');
}

function section(row: ReviewRow): readonly string[] {
  const mark = row.isObserved ? ' (only observed)' : '';
  return [
    '',
    `### ${plain(row.id)}${mark}`,
    '',
    plain(row.description),
    '',
    ...table(
      ['', ''],
      [
        ['Protocol', plain(row.protocol)],
        ['Boundary', plain(row.boundary)],
        ...row.facts.map(({ label, lines }) => [label, lines.map(lineText).join('<br>')]),
      ],
    ),
    ...(row.exceptions.length === 0 ? [] : ['', ...exceptionTable(row.exceptions)]),
    ...(row.findings.length === 0 ? [] : ['', ...findingList(row.findings)]),
  ];
}

function lineText({ text, code: isCode, tone }: Line): string {
  const said = isCode === true ? code(text) : plain(text);
  return tone === 'bad' ? `**${said}**` : said;
}

function exceptionTable(exceptions: readonly ReviewException[]): readonly string[] {
  return table(
    ['Row', 'Exception from', 'Owner', 'Reason', 'Last day'],
    exceptions.map(({ hop, rule, owner, reason, expires, isOver }) => [
      code(hop),
      code(rule),
      plain(owner),
      plain(reason),
      isOver ? `**${expires}: over, the row denies**` : expires,
    ]),
  );
}

function findingList(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, rule, message }) => `- **${severity}** ${code(rule)}: ${plain(message)}`);
}

function people({ agents, authorities }: Review): readonly string[] {
  return [
    '',
    '## Agents',
    '',
    ...table(
      ['Agent', 'SPIFFE ID', 'Known elsewhere as', 'Rows'],
      agents.map(({ name, spiffeId, clients, rows }) => [plain(name), code(spiffeId), plain(clients), String(rows)]),
    ),
    '',
    '## Authorities',
    '',
    ...table(
      ['Authority', 'Kind', 'Issuer', 'May assert grants', 'Owner'],
      authorities.map(({ name, kind, issuer, grants, owner }) => [
        plain(name),
        kind,
        issuer === '' ? '' : code(issuer),
        grants,
        plain(owner),
      ]),
    ),
  ];
}

function signature({ counts, revision }: Review): readonly string[] {
  return [
    '',
    '## Signature',
    '',
    `I have reviewed the ${counts.rows} rows of revision ${code(revision)}, their exceptions and their findings.`,
    '',
    ...table(
      ['', 'Name', 'Date', 'Signature'],
      [
        ['Reviewed by', '', '', ''],
        ['Approved by', '', '', ''],
      ],
    ),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function plain(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~]/g, '\\$&')
    .replace(/^[#+=-]/, '\\$&');
}

/** A code span holds no backtick; what has one is shown as plain text. */
function code(text: string): string {
  const shown = visible(text);
  return shown.includes('`') ? plain(text) : `\`${shown.replaceAll('|', '\\|')}\``;
}
