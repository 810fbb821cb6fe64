import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matrixOf, mcpRow, row, tcpRow, token, writeMatrix } from '../../../test/fakes/matrix.ts';
import { compileMatrix } from '../compile-matrix.ts';
import { EXCEPTION_RULES } from '../exception-rules.ts';
import { readMatrix } from '../read-matrix.ts';
import type { Finding, LintFacts } from './finding.ts';
import { lintMatrix } from './lint-matrix.ts';
import { LINT_RULES } from './rules.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const agents = { buyer: { spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/buyer' } };
const authorities = {
  mesh: { kind: 'spiffe', owner: 'platform' },
  idp: { kind: 'oidc', issuer: 'https://idp.acme.example', owner: 'iam', grants: true },
};

function findings(hops: Record<string, object>, over: object = {}, facts: Partial<LintFacts> = {}): readonly Finding[] {
  const source = readMatrix(writeMatrix(matrixOf(hops, { agents, authorities, ...over })));
  return lintMatrix(source, compileMatrix(source), { now: NOW, isDurable: true, ...facts });
}

/** `severity rule hop: message`, without the places. */
const words = (found: readonly Finding[]) =>
  found.map(({ severity, rule, hop, message }) => `${severity} ${rule} ${hop ?? '-'}: ${message}`);

const other = (over: object) =>
  row({ match: { hosts: ['crm.acme.example'], methods: ['GET'], path: '/' }, delegation: { action: 'x' }, ...over });
const crm = token({ audience: 'https://crm.acme.example' });
const exception = (over: object) => ({
  hop: 'a',
  rule: 'unbound-sender',
  owner: 'crm@acme.example',
  reason: 'the vendor cannot',
  expires: '2027-06-30',
  ...over,
});
const SUMMARY = { match: { hosts: ['erp.acme.example'], methods: ['GET'], path: '/v1/{rest+}' } };
const wide = token({ scopes: ['read', 'details'] });
const toB = { credential: wide, delegation: { action: 'invoices.read' }, onFailure: { degrade: { to: 'b' } } };

describe('lintMatrix', () => {
  it('has nothing to say of a matrix that is right', () => {
    expect(findings({ a: row(), b: tcpRow(), c: mcpRow(), d: other({ credential: crm }) })).toEqual([]);
  });

  it.each<[string, Record<string, object>, string]>([
    [
      'one credential for two boundaries',
      { a: row(), b: other({ boundary: 'agents -> crm' }) },
      'error credential-shared b: takes the same credential as row "a" (agents -> erp)',
    ],
    [
      'one audience for two boundaries',
      { a: row(), b: other({ boundary: 'agents -> crm', credential: token({ scopes: ['x'] }) }) },
      'error audience-reused b: has the audience of row "a"',
    ],
    [
      'one audience for two hosts',
      { a: row(), b: other({}) },
      'warning audience-reused b: has the audience of row "a", on another host',
    ],
    [
      'no way to revoke',
      { a: row({ revocation: undefined }) },
      'error revocation-missing a: says nothing of how access ends',
    ],
    [
      'a vendor that keeps a session',
      { a: row({ protocol: 'sdk', credential: token({ type: 'federated-token' }) }) },
      'error revocation-slower a: promises that revoking by token, grant or agent bites within 1s, and it takes up to 10m: the platform',
    ],
    [
      'an open stream',
      { a: row({ stream: { maxDuration: '5m' } }) },
      'bites within 1s, and it takes up to 5m: Envoy does not ask again',
    ],
    [
      'an open connection without end',
      { a: tcpRow({ stream: undefined }) },
      'error revocation-slower a: promises that revoking by agent bites within 15m, and it never does',
    ],
    [
      'a token of a connection that has none',
      { a: tcpRow({ revocation: { by: ['token'], within: '15m' } }) },
      'revoking by token bites within 15m, and it never does: an mtls-only row has no such thing',
    ],
    [
      'a grant that only the token has',
      { a: row({ delegation: { action: 'x', grant: 'token' } }) },
      'revoking by grant bites within 1s, and it takes up to 10m: the grant is in the token alone',
    ],
    [
      'a grant that nothing reads',
      { a: row({ delegation: { mode: 'forbidden', action: 'x' } }) },
      'revoking by grant bites within 1s, and it never does: the row reads no grant',
    ],
    [
      'a token for a day',
      { a: row({ credential: token({ maxLifetime: '1d' }) }) },
      'error lifetime-too-long a: accepts a token (access-token) for 1d',
    ],
    [
      'a transaction token for an hour',
      { a: row({ credential: token({ type: 'transaction-token', maxLifetime: '1h' }) }) },
      'error lifetime-too-long a: accepts a token (transaction-token) for 1h',
    ],
    [
      'a stream that outlives its token',
      { a: row({ stream: { maxDuration: '30m' } }) },
      'error lifetime-too-long a: lets a stream run for 30m, longer than the token that opened it (10m)',
    ],
    [
      'a bound token that outlives its certificate',
      { a: row({ sender: 'mtls', credential: token({ maxLifetime: '90m' }) }) },
      'error svid-outlived a: is bound to a certificate, and outlives it',
    ],
    [
      'a connection that outlives its certificate',
      { a: tcpRow({ stream: { maxDuration: '2h' } }) },
      'error svid-outlived a: lets a connection outlive its certificate',
    ],
    [
      'rows between which the order of routes chooses [E22]',
      {
        a: row(),
        b: row({
          match: { hosts: ['erp.acme.example'], methods: ['GET'], path: '/v1/{rest+}' },
          delegation: { action: 'x' },
        }),
      },
      'warning overlap b: row "a" fits some of the same requests',
    ],
    [
      'an MCP row that names no tool',
      { a: mcpRow({ tools: [] }) },
      'error mcp-no-tools a: permits tools/call and names no tool',
    ],
    [
      'a row that denies nothing',
      { a: row({ rollout: { mode: 'observe', until: '2027-06-30' } }) },
      'warning observed a: denies nothing until after 2027-06-30',
    ],
    [
      'a row that denied nothing',
      { a: row({ rollout: { mode: 'observe', until: '2026-11-21' } }) },
      'warning observed a: was observed until 2026-11-21 and enforces now',
    ],
    [
      'a row that soon denies',
      { a: row({ rollout: { mode: 'observe', until: '2026-12-01' } }) },
      'warning observe-expiring a: enforces from the day after 2026-12-01',
    ],
    [
      'a hole in a draft',
      { a: row({ credential: token({ scopes: ['TODO'] }) }) },
      'error unfinished a: credential still says TODO; decide it',
    ],
    [
      'an approval of whatever comes',
      { a: row({ delegation: { action: 'pay', approval: { when: 'always' } } }) },
      'warning approval-unbound a: has approvals that bind no field',
    ],
  ])('finds %s', (_, hops, problem) => {
    expect(words(findings(hops)).join('\n')).toContain(problem);
  });

  it('promises nothing that a store in memory cannot hold, but for keys, which are read anew', () => {
    const of = (by: string, within: string) =>
      words(findings({ a: row({ revocation: { by: [by], within } }) }, {}, { isDurable: false }));
    expect(of('token', '1h')).toEqual([expect.stringContaining('error revocation-slower a:')]);
    expect(of('agent', '1h')).toEqual([expect.stringContaining('store: memory: takes no revocations')]);
    expect(of('key', '30s')).toEqual([]);
    expect(of('key', '29s')).toEqual([expect.stringContaining('takes up to 30s')]);
  });

  it('finds a fallback that is no strict part of its row', () => {
    const of = (b: object) => words(findings({ a: row(toB), b: row({ ...SUMMARY, ...b }) })).join('\n');
    expect(of({ credential: token({ scopes: ['read'] }), delegation: { action: 'invoices.read' } })).toBe('');
    expect(of({ credential: wide, delegation: { action: 'invoices.summary' } })).toBe('');
    const found = 'error degrade-not-narrower a: degrades to row "b"';
    expect(of({ credential: wide, delegation: { action: 'invoices.read' } })).toContain(
      `${found}, which is no strict part of it: it has the same scopes`,
    );
    expect(of({ credential: token({ scopes: ['write'] }), delegation: { action: 'x' } })).toContain(
      'it takes scope write',
    );
    expect(of({ credential: token({ maxLifetime: '20m' }), delegation: { action: 'x' } })).toContain(
      'tokens that live longer',
    );
    expect(of({ credential: token(), delegation: { action: 'x', mode: 'optional' } })).toContain(
      'it demands less delegation',
    );
  });

  it.each([
    [{ sender: 'dpop' }, 'it binds the sender less tightly'],
    [{ delegation: { action: 'invoices.read', context: { region: 'path.region' } } }, 'it binds less context'],
    [{ delegation: { action: 'invoices.read', context: { tenant: 'header.x-tenant' } } }, 'it binds less context'],
    [{ delegation: { action: 'invoices.read', approval: { when: 'always' } } }, 'it needs no approval'],
    [{ credential: token({ scopes: ['read', 'details'], audience: 'https://erp2' }) }, 'it takes another credential'],
    [{ delegation: { action: 'invoices.read', grant: 'both' } }, 'it rests on another kind of grant'],
  ])('finds a fallback that drops %j', (over, problem) => {
    const b = row({ ...SUMMARY, delegation: { action: 'invoices.summary' } });
    expect(words(findings({ a: row({ ...toB, ...over }), b })).join('\n')).toContain(problem);
  });

  it('finds agents that the fallback admits and the row does not', () => {
    const both = { ...agents, clerk: { spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/clerk' } };
    const b = row({ ...SUMMARY, agents: ['buyer', 'clerk'], delegation: { action: 'invoices.summary' } });
    expect(words(findings({ a: row(toB), b }, { agents: both })).join('\n')).toContain('it admits agent clerk');
  });

  it('finds JWT-SVIDs that nothing can verify, where the config is known', () => {
    const hops = { a: row({ peer: { from: 'jwt-svid', audience: 'behalf' } }) };
    expect(findings(hops)).toEqual([]);
    expect(findings(hops, {}, { jwtBundles: ['prod.acme.example'] })).toEqual([]);
    expect(words(findings(hops, {}, { jwtBundles: ['other.example'] }))).toEqual([
      'error peer-unverifiable a: wants JWT-SVIDs of prod.acme.example, which nothing can verify; add peer.jwtBundles.prod.acme.example to behalf.yaml',
    ]);
  });

  it('finds agents and authorities that no row names', () => {
    const more = { ...authorities, old: { kind: 'oidc', issuer: 'https://old.acme.example', owner: 'iam' } };
    const idle = { agents: { ...agents, clerk: { spiffeId: 'spiffe://prod.acme.example/clerk' } }, authorities: more };
    expect(words(findings({ a: row() }, idle))).toEqual([
      expect.stringContaining('warning unused -: agent "clerk"'),
      expect.stringContaining('warning unused -: authority "old"'),
    ]);
  });

  it('says where, and goes row by row', () => {
    const found = findings({ a: row({ revocation: undefined }), b: tcpRow({ revocation: undefined }) });
    expect(found.map(({ hop }) => hop)).toEqual(['a', 'b']);
    expect(found[0]?.where).toMatch(/matrix\.yaml:\d+:\d+$/);
  });
});

describe('an exception', () => {
  const unbound = { a: row({ sender: 'none' }) };

  it('makes a warning of an error, and says whose it is', () => {
    expect(words(findings(unbound, { exceptions: [exception({})] }))).toEqual([
      expect.stringMatching(
        /^warning unbound-sender a: .*\(excepted until 2027-06-30 by crm@acme\.example: the vendor cannot\)$/,
      ),
    ]);
  });

  it('excuses nothing once it has run out', () => {
    const found = words(findings(unbound, { exceptions: [exception({ expires: '2026-11-21' })] }));
    expect(found).toEqual([
      expect.stringMatching(/^error unbound-sender a: /),
      expect.stringContaining(
        'error exception-expired a: exception from unbound-sender ran out after 2026-11-21: the row denies',
      ),
    ]);
  });

  it('counts to the end of its last day', () => {
    const found = words(findings(unbound, { exceptions: [exception({ expires: '2026-11-22' })] }));
    expect(found).toEqual([
      expect.stringMatching(/^warning unbound-sender/),
      expect.stringContaining('warning exception-expiring a: exception from unbound-sender runs out after 2026-11-22'),
    ]);
  });

  it('is of one row and one rule', () => {
    const hops = { a: row({ revocation: undefined }), b: other({ credential: crm, revocation: undefined }) };
    const exceptions = [exception({ rule: 'revocation-missing' }), exception({ hop: 'b', rule: 'audience-reused' })];
    const found = words(findings(hops, { exceptions })).join('\n');
    expect(found).toContain('warning revocation-missing a');
    expect(found).toContain('error revocation-missing b');
    expect(found).toContain('warning exception-unused b: exception from audience-reused excuses nothing');
  });

  it('shouts where it is for a fixed secret', () => {
    expect(words(findings({ a: row() }, { exceptions: [exception({ rule: 'static-credential' })] }))).toEqual([
      expect.stringMatching(/^warning static-credential a: rests on a fixed secret .*crm@acme\.example/),
    ]);
  });
});

describe('the rules', () => {
  it('are those that docs/matrix.md lists, both ways', () => {
    const page = readFileSync(new URL('../../../docs/matrix.md', import.meta.url), 'utf8');
    const section = page.slice(page.indexOf('\n## Lint'), page.indexOf('\n## Keys'));
    expect(new Set([...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, rule]) => rule))).toEqual(
      new Set(Object.keys(LINT_RULES)),
    );
  });

  it('have those that an exception may name', () => {
    expect(EXCEPTION_RULES.filter((rule) => !Object.hasOwn(LINT_RULES, rule))).toEqual([]);
  });
});
