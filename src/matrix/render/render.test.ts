import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { matrixOf, mcpRow, row, tcpRow, token, writeMatrix } from '../../../test/fakes/matrix.ts';
import { compileMatrix } from '../compile-matrix.ts';
import { lintMatrix } from '../lint/lint-matrix.ts';
import { readMatrix } from '../read-matrix.ts';
import type { Review } from './review.ts';
import { reviewMatrix } from './review-matrix.ts';
import { toHtml } from './to-html.ts';
import { toMarkdown } from './to-markdown.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

function review(hops: Record<string, object>, over: object = {}, title = 'The matrix'): Review {
  const source = readMatrix(writeMatrix(matrixOf(hops, over)));
  const matrix = compileMatrix(source);
  const findings = lintMatrix(source, matrix, { now: NOW, isDurable: true });
  return reviewMatrix(source, matrix, { title, now: NOW, isDurable: true, findings });
}

/** Lines of one fact of the first row. */
const fact = (over: object, label: string, make = row) =>
  review({ a: make(over) })
    .rows[0]?.facts.find((each) => each.label === label)
    ?.lines.map(({ text }) => text);

const HOSTILE = `"'><img src=x onerror=alert(1)><script>alert(2)</script>&amp;<!--`;

describe('reviewMatrix', () => {
  it('counts what there is', () => {
    const { counts, date, revision, trustDomain } = review({ a: row({ revocation: undefined }), b: tcpRow() });
    expect(counts).toEqual({ rows: 2, boundaries: 2, agents: 2, exceptions: 0, errors: 1, warnings: 2 });
    expect({ date, trustDomain }).toEqual({ date: '2026-11-22', trustDomain: 'prod.acme.example' });
    expect(revision).toMatch(/^[0-9a-f]{12}$/);
  });

  it.each<[string, object, string, readonly string[], typeof row]>([
    ['an HTTP request', {}, 'Requests', ['GET erp.acme.example/v1/regions/{region}/invoices/{id}'], row],
    [
      'a connection',
      { match: { destination: '10.0.0.5:5432', sni: 'db' } },
      'Requests',
      ['to 10.0.0.5:5432', 'server name db'],
      tcpRow,
    ],
    ['no token', {}, 'Credential', ['No token: the certificate of mesh is all'], tcpRow],
    ['nobody behind it', {}, 'Delegation', ['For itself; delegation is forbidden', 'action ledger.connect'], tcpRow],
    ['an end of connections', {}, 'Stream', ['Ended after 15m'], tcpRow],
    ['who comes', {}, 'Agents', ['buyer', 'spiffe://prod.acme.example/ns/agents/sa/buyer'], row],
    [
      'a JWT-SVID',
      { peer: { from: 'jwt-svid', audience: 'behalf' } },
      'Caller',
      ['Proven by a JWT-SVID for behalf'],
      row,
    ],
    ['a context', {}, 'Context', ['region = path.region'], row],
    [
      'an approval',
      { delegation: { action: 'pay', approval: { when: 'always', body: ['/to', '/amount'] } } },
      'Approval',
      ['A person approves every request', 'binds /to, /amount'],
      row,
    ],
    ['revocation that holds', {}, 'Revocation', ['By token, grant or agent within 1s: holds, 1s at most'], row],
    [
      'revocation that does not',
      { credential: token({ type: 'federated-token' }) },
      'Revocation',
      [
        'By token, grant or agent within 1s: does not hold, 10m at most: the platform does not ask us about what it made of the token (maxLifetime)',
      ],
      row,
    ],
    ['no revocation', { revocation: undefined }, 'Revocation', ['Nothing is said'], row],
    ['a retry', { onFailure: { retry: { after: '2s' } } }, 'In a fault', ['Denied, to be tried again after 2s'], row],
    [
      'observation',
      { rollout: { mode: 'observe', until: '2026-12-10' } },
      'Rollout',
      ['Only observed until 2026-12-10: what it denies passes'],
      row,
    ],
  ])('says %s', (_, over, label, lines, make) => {
    expect(fact(over, label, make)).toEqual(lines);
  });

  it('says what MCP clients may ask for', () => {
    expect(review({ a: mcpRow() }).rows[0]?.facts[0]?.lines.map(({ text }) => text)).toEqual([
      'POST tickets.acme.example/mcp',
      'methods tools/call',
      'tools search',
    ]);
  });
});

describe.each([
  ['HTML', toHtml],
  ['Markdown', toMarkdown],
])('the page as %s', (_, page) => {
  it('shows each row, exception and finding, and a place to sign', () => {
    const exceptions = [
      { hop: 'a', rule: 'unbound-sender', owner: 'crm owner', reason: 'vendor', expires: '2026-11-21' },
    ];
    const text = page(review({ a: row({ sender: 'none' }), b: tcpRow() }, { exceptions }));
    for (const said of [
      'The matrix',
      'prod.acme.example',
      'crm owner',
      '2026-11-21',
      'unbound-sender',
      'exception-expired',
      'the row denies',
      'Reviewed by',
      'Approved by',
      '2 rows of revision',
    ]) {
      expect(text).toContain(said);
    }
  });

  it('is the same for the same matrix on the same day', () => {
    expect(page(review({ a: row() }))).toBe(page(review({ a: row() })));
  });

  it('shows characters that an eye would not see', () => {
    const text = page(review({ a: row({ description: 'reads \u202eetirw\u202c\u200b' }) }));
    expect(text).toContain('⟨U+202E⟩etirw⟨U+202C⟩⟨U+200B⟩');
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });

  it('has no element that the matrix brings, in whatever place [W01]', () => {
    const agents = { buyer: { spiffeId: 'spiffe://prod.acme.example/buyer', clientIds: { idp: HOSTILE } } };
    const authorities = {
      mesh: { kind: 'spiffe', owner: HOSTILE },
      idp: { kind: 'oidc', issuer: HOSTILE, owner: HOSTILE },
    };
    const exceptions = [
      { hop: 'a', rule: 'static-credential', owner: HOSTILE, reason: HOSTILE, expires: '2027-01-01' },
    ];
    const hostile = row({
      description: HOSTILE,
      boundary: HOSTILE,
      credential: token({ audience: HOSTILE, scopes: ['<script>'] }),
      delegation: {
        action: HOSTILE,
        context: { region: `query.${HOSTILE}` },
        approval: { when: 'always', body: [`/${HOSTILE.replaceAll('~', '')}`] },
      },
      peer: { from: 'jwt-svid', audience: HOSTILE },
    });
    const text = page(review({ a: hostile }, { agents, authorities, exceptions }, HOSTILE));
    // In a code span of Markdown nothing is markup.
    const outside = page === toMarkdown ? text.replaceAll(/`[^`]*`/g, '') : text;
    expect(outside).not.toMatch(/<(?:img|script|!--)/i);
    expect(text.length).toBeGreaterThan(HOSTILE.length * 10);
  });
});

describe('the page as HTML', () => {
  const text = toHtml(review({ a: row(), b: tcpRow() }));

  it('asks for nothing, and tells the browser so', () => {
    expect(text).not.toMatch(/<(?:script|link|img|iframe|object|form)|@import|url\(|src=|href="(?!#)/);
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(text).toContain(
      `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
    );
  });

  it('has a language, one first heading, heads of tables, and links that lead somewhere', () => {
    expect(text).toContain('<html lang="en">');
    expect(text.match(/<h1>/g)).toHaveLength(1);
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets).toEqual(['row-1', 'row-2']);
    for (const id of targets) expect(text).toContain(`id="${id}"`);
    expect(text.match(/<th scope="row">/g)?.length).toBeGreaterThan(2);
  });
});
