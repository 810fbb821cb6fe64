import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matrixOf, row, token, writeMatrix } from '../../../test/fakes/matrix.ts';
import { recordLine } from '../../../test/fakes/record-line.ts';
import { fullTrail } from '../../../test/fakes/trail.ts';
import { Refusal } from '../../refusals.ts';
import { loadMatrix } from '../compile.ts';
import { compileMatrix } from '../compile-matrix.ts';
import { lintMatrix } from '../lint/lint-matrix.ts';
import { readMatrix } from '../read-matrix.ts';
import { draftMatrix } from './draft-matrix.ts';
import { generalised } from './generalised.ts';
import type { Observation } from './observation.ts';
import { readRecord } from './read-record.ts';
import { createTally, type Tally } from './tally.ts';
import { unusedOf } from './unused.ts';

const BUYER = 'spiffe://prod.acme.example/ns/agents/sa/buyer';

const seen = (over: Partial<Observation> = {}): Observation => ({
  outcome: 'deny',
  reason: 'hop_unknown',
  hop: undefined,
  method: 'GET',
  host: 'erp.acme.example',
  path: '/v1/orders/17',
  caller: BUYER,
  agent: undefined,
  grant: undefined,
  time: '2026-11-22T12:00:00Z',
  ...over,
});

function tallyOf(...observations: readonly Partial<Observation>[]): Tally {
  const tally = createTally();
  for (const one of observations) tally.add(seen(one));
  return tally;
}

const known = (hops: Record<string, object> = { a: row() }, over: object = {}) =>
  loadMatrix(writeMatrix(matrixOf(hops, over)));
const place = { parent: undefined, trusted: false, link: undefined };

describe('readRecord', () => {
  it('reads what the record of a Check says', () => {
    const line = recordLine(fullTrail(), { place, context: undefined });
    expect(readRecord(line)).toEqual({
      outcome: 'allow',
      reason: 'allowed',
      hop: 'erp.invoices.read',
      method: 'GET',
      host: 'erp.acme.example',
      path: '/v1/regions/eu/invoices/inv-7',
      caller: 'spiffe://prod.acme.example/ns/agents/sa/procurement',
      agent: 'procurement',
      grant: 'grant-7',
      time: '2026-11-22T12:00:00.999Z',
    });
  });

  it('reads that there was no row', () => {
    const { routed: _, peer: __, ...unrouted } = fullTrail({ refusal: new Refusal('hop_unknown', 'none') });
    expect(readRecord(recordLine(unrouted, { place, context: undefined }))).toMatchObject({
      outcome: 'deny',
      reason: 'hop_unknown',
      hop: undefined,
      caller: BUYER.replace('buyer', 'procurement'),
    });
  });

  it.each(['', 'x', '[]', 'null', '{"authz":3}', '{"authz":{}}', '{"authz":{"outcome":1}}'])(
    'knows that %j is none',
    (line) => {
      expect(readRecord(line)).toBeUndefined();
    },
  );
});

describe('generalised', () => {
  it.each([
    ['/v1/orders/17/lines/18', '/v1/orders/{id}/lines/{id2}'],
    ['/v2/me/oauth2/ipv6', '/v2/me/oauth2/ipv6'],
    ['/o/9a3d4b57-8ac6-4a2b-8c4d-000000000001', '/o/{id}'],
    ['/o/deadbeef1', '/o/{id}'],
    ['/o/facade', '/o/facade'],
    ['/o/inv-7/2026-11-22', '/o/{id}/{id2}'],
    ['/o/anna@acme.example', '/o/{id}'],
    ['/o/caf%C3%A9', '/o/{id}'],
    [`/o/${'x'.repeat(41)}`, '/o/{id}'],
    ['/', '/'],
    ['/o/', '/o/'],
  ])('%s is %s', (path, template) => {
    expect(generalised(path)).toBe(template);
  });
});

describe('draftMatrix', () => {
  it('drafts one row for each kind of request, which lints but for its marked holes', () => {
    const { rows, yaml } = draftMatrix(
      tallyOf({}, { path: '/v1/orders/18' }, { method: 'POST', path: '/v1/orders' }),
      undefined,
    );
    expect(rows).toEqual(['erp.orders.read', 'erp.orders.create']);
    expect(yaml).toContain('# Seen 2 times (hop_unknown), from spiffe://prod.acme.example/ns/agents/sa/buyer');
    const path = writeMatrix(matrixOf({}));
    writeFileSync(path, yaml);
    const lint = (text: string) => {
      writeFileSync(path, text);
      const source = readMatrix(path);
      return lintMatrix(source, compileMatrix(source), { now: 0, isDurable: true }).map(({ rule }) => rule);
    };
    expect(new Set(lint(yaml))).toEqual(new Set(['unfinished']));
    expect(lint(yaml.replaceAll(/ #.*$/gm, '').replaceAll('TODO', 'done'))).toEqual([]);
  });

  it('knows gRPC, the agents and the one authority of the matrix, and takes no id twice', () => {
    const hops = { 'ledger.ledger.post': row() };
    const calls = { method: 'POST', host: 'ledger.acme.example', path: '/acme.v1.Ledger/Post' };
    const { yaml } = draftMatrix(tallyOf(calls), known(hops));
    expect(yaml).toMatch(/ledger\.ledger\.post-2:\n(?:.*\n)*? +protocol: grpc\n/);
    expect(yaml).toContain('issuer: https://idp.acme.example');
    expect(yaml).toMatch(/agents:\n {2}buyer:\n/);
  });

  it('drafts nothing for strangers, nor for what no row can be for', () => {
    const { rows, strangers, yaml } = draftMatrix(
      tallyOf(
        { caller: 'spiffe://evil.example/x' },
        { path: '/a', caller: '' },
        { host: '*', path: '/b' },
        { path: '/a//b' },
      ),
      known(),
    );
    expect({ rows, strangers, yaml }).toEqual({ rows: [], strangers: 4, yaml: '' });
  });

  it('lets no text of a caller become YAML, nor end a comment [W01]', () => {
    const hostile = 'x\nhops: {}\n#';
    const { yaml } = draftMatrix(tallyOf({}, { caller: hostile }), known());
    expect(yaml).toContain('x hops: {} #');
    expect(yaml).not.toMatch(/^hops: \{\}/m);
  });
});

describe('createTally', () => {
  it('keeps a bounded number of kinds, whatever callers try', () => {
    const tally = createTally();
    for (let number = 0; number < 1500; number += 1) {
      tally.add(
        seen({
          path: `/x${'y'.repeat(number % 40)}/${String.fromCharCode(97 + (number % 26))}/z${number}z`,
          caller: `c${number}`,
        }),
      );
    }
    expect(tally.unmatched.size).toBeLessThanOrEqual(1000);
    expect(tally.unmatched.size + tally.beyond).toBeGreaterThanOrEqual(1000);
    expect(tally.records).toBe(1500);
  });

  it('counts connections apart, and what observed rows let pass', () => {
    const tally = tallyOf(
      { method: '', host: '', path: '' },
      { hop: 'a', outcome: 'observe', reason: 'grant_missing' },
    );
    expect(tally.connections).toBe(1);
    expect(tally.unmatched.size).toBe(0);
    expect(tally.rows.get('a')?.observed).toEqual(new Map([['grant_missing', 1]]));
  });
});

describe('unusedOf', () => {
  it('lists rows, agents, scopes and grants that nothing used', () => {
    const matrix = known({
      a: row({ agents: ['buyer', 'clerk'] }),
      b: row({
        match: { hosts: ['b.example'], methods: ['GET'], path: '/' },
        credential: token({ scopes: ['read', 'write'] }),
        delegation: { action: 'x' },
      }),
    });
    const tally = tallyOf(
      { hop: 'a', outcome: 'allow', reason: 'allowed', agent: 'buyer', grant: 'g1' },
      { hop: 'b', outcome: 'deny', reason: 'policy_denied', agent: 'buyer' },
    );
    expect(unusedOf(matrix, tally, ['g1', 'g2'])).toEqual({
      rows: ['b'],
      agents: ['a: clerk'],
      scopes: ['write'],
      grants: ['g2'],
    });
    expect(unusedOf(matrix, tally, undefined).grants).toBeUndefined();
  });
});
