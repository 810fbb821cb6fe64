import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fullTrail } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import type { Decided, Shadow, Shadowed } from '../policy/shadow.ts';
import { Refusal } from '../refusals.ts';
import type { Snapshot } from '../snapshot.ts';
import { createProvenance, type Provenance } from './provenance.ts';
import type { Trail } from './trail.ts';

const DENIES: Shadowed = { revision: 'r2', result: 'flip_to_deny', code: 'policy_denied', reasons: ['too_much'] };

interface Asked {
  readonly decided: Decided;
  readonly done: (shadowed: Shadowed | undefined) => void;
}

let asked: Asked[];
let provenance: Provenance;
let folder: string;
beforeEach(() => {
  asked = [];
  folder = mkdtempSync(join(tmpdir(), 'behalf-'));
  // A shadow that answers when a test says so, and is told of the end as the real one is.
  const shadow: Shadow = {
    ask: (_candidate, decided, done) => void asked.push({ decided, done }),
    close: () => {
      for (const { done } of asked.splice(0)) done(undefined);
      return Promise.resolve();
    },
  };
  provenance = createProvenance(
    {
      records: `file:${folder}/records`,
      traces: `file:${folder}/spans`,
      subject: 'pseudonymous',
      pseudonymKey: 'k'.repeat(32),
    },
    createLog({ level: 'silent' }),
    { shadow },
  );
});

function shadowing(known: Partial<Trail> = {}, sample = 1): Trail {
  const live = { policy: { revision: 'r1' }, shadow: { revision: 'r2', sample, epoch: 1 } };
  return fullTrail({ live: live as unknown as Snapshot, ...known });
}

function lines(file: string): Record<string, unknown>[] {
  const text = readFileSync(join(folder, file), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('says in record, span and metric what the shadow policy would have decided', async () => {
  provenance.record(shadowing());
  asked.shift()?.done(DENIES);
  await provenance.shutdown();
  expect(lines('records')).toMatchObject([{ authz: { outcome: 'allow', shadow: DENIES } }]);
  const [span] = lines('spans');
  expect(span?.['events']).toMatchObject([
    {
      name: 'behalf.shadow',
      attributes: {
        'behalf.shadow.result': 'flip_to_deny',
        'behalf.shadow.revision': 'r2',
        'behalf.shadow.reason': 'policy_denied',
      },
    },
  ]);
  expect(provenance.metricsText()).toContain('behalf_shadow_total{hop="erp.invoices.read",result="flip_to_deny"} 1');
});

it('leaves one record for each Check, also for those whose shadow never answered [T10]', async () => {
  for (let n = 0; n < 3; n += 1) provenance.record(shadowing());
  asked.shift()?.done(undefined);
  await provenance.shutdown();
  expect(lines('records')).toHaveLength(3);
  expect(lines('records')[0]?.['authz']).not.toHaveProperty('shadow');
  expect(provenance.metricsText()).toContain('behalf_shadow_dropped_total 3\n');
});

it('asks about what policy was asked, with what the live policy said', () => {
  provenance.record(shadowing());
  const refusal = new Refusal('policy_denied', 'no', {
    reasons: [
      { code: 'b', message: '' },
      { code: 'a', message: '' },
    ],
  });
  const { outcome: _, ...denied } = shadowing({ refusal });
  provenance.record(denied);
  // What a later step refused, policy had allowed.
  provenance.record(shadowing({ refusal: new Refusal('grant_spent', 'used up') }));
  expect(asked.map(({ decided }) => decided.live)).toMatchObject([
    { allow: true, code: 'allowed', reasons: ['granted'] },
    { allow: false, code: 'policy_denied', reasons: ['a', 'b'] },
    { allow: true, code: 'allowed' },
  ]);
  const { input, text } = shadowing().asked as NonNullable<Trail['asked']>;
  expect(asked[0]?.decided).toMatchObject({ first: input, text });
});

it('does not ask about a Check that policy was not asked about, nor without a candidate', async () => {
  const { asked: _, ...early } = shadowing({ refusal: new Refusal('token_expired', 'exp') });
  provenance.record(early);
  provenance.record(shadowing({ live: { policy: {}, shadow: { failure: 'no such file' } } as unknown as Snapshot }));
  provenance.record(fullTrail());
  expect(asked).toEqual([]);
  await provenance.shutdown();
  expect(lines('records')).toHaveLength(3);
});

it('takes its sample by the decision id: the same Checks each time, and as many as it should be', () => {
  const ids = Array.from(
    { length: 4000 },
    (_, n) => `${((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0')}-0`,
  );
  const taken = (sample: number): readonly string[] => {
    asked = [];
    return ids.filter((decisionId) => {
      const before = asked.length;
      provenance.record(shadowing({ decisionId }, sample));
      return asked.length > before;
    });
  };
  expect(taken(0)).toEqual([]);
  expect(taken(1)).toEqual(ids);
  const quarter = taken(0.25);
  expect(quarter).toEqual(taken(0.25));
  expect(quarter.length).toBeGreaterThan(900);
  expect(quarter.length).toBeLessThan(1100);
  // A larger sample holds the smaller one.
  expect(taken(0.5)).toEqual(expect.arrayContaining([...quarter]));
});

it('begins its figures anew when either policy changes, and counts a candidate that did not load once', () => {
  const total = (): string | undefined => /^behalf_shadow_total\{.*$/m.exec(provenance.metricsText())?.[0];
  provenance.serving({ policy: 'r1', matrix: 'm', shadow: { revision: 'r2' }, epoch: 1 });
  provenance.record(shadowing());
  asked.shift()?.done(DENIES);
  expect(total()).toMatch(/ 1$/);
  provenance.serving({ policy: 'r1', matrix: 'm', shadow: { revision: 'r2' }, epoch: 2 });
  expect(total()).toMatch(/ 1$/);
  provenance.serving({ policy: 'r1', matrix: 'm', shadow: { revision: 'r3' }, epoch: 3 });
  expect(total()).toBeUndefined();
  const failed = { policy: 'r1', matrix: 'm', shadow: { failure: 'x' }, epoch: 4 };
  provenance.serving(failed);
  provenance.serving(failed);
  expect(provenance.metricsText()).toContain('behalf_shadow_load_failures_total 1\n');
  expect(provenance.metricsText()).not.toContain('behalf_shadow_info{');
});
