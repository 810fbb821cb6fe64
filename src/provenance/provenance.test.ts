import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bareTrail, CANARY, fullTrail } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../refusals.ts';
import { createProvenance, type Provenance } from './provenance.ts';
import type { Trail } from './trail.ts';

interface Decision {
  readonly trace_id: string;
  readonly span_id: string;
  readonly authz: { readonly reason: string; readonly subject: string };
}

const told: string[] = [];
let records: string;
let spans: string;
let provenance: Provenance;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-'));
  records = join(folder, 'records.ndjson');
  spans = join(folder, 'spans.ndjson');
  told.length = 0;
  provenance = createProvenance(
    { records: `file:${records}`, traces: `file:${spans}`, subject: 'pseudonymous', pseudonymKey: 'k'.repeat(32) },
    createLog({ sink: { write: (line) => void told.push(line) } }),
  );
});

function decisions(): Decision[] {
  const lines = readFileSync(records, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Decision);
}

describe('provenance', () => {
  it('leaves exactly one record for each Check, whatever became of it (threats T10)', async () => {
    const codes = Object.keys(REFUSALS) as RefusalCode[];
    for (const code of codes) {
      provenance.record(bareTrail({ refusal: new Refusal(code, 'detail') }));
      provenance.record(fullTrail({ refusal: new Refusal(code, 'detail') }));
    }
    provenance.record(fullTrail());
    await provenance.shutdown();
    expect(decisions().map(({ authz }) => authz.reason)).toEqual([...codes.flatMap((code) => [code, code]), 'allowed']);
    expect(provenance.state.records.dropped).toBe(0);
  });

  it('gives the record the ids of its span, and both the same pseudonym', async () => {
    const pseudonym = provenance.subjectLabel(fullTrail().identity as NonNullable<Trail['identity']>);
    provenance.record(fullTrail({ subjectLabel: pseudonym }));
    await provenance.shutdown();
    const [record] = decisions();
    const span = JSON.parse(readFileSync(spans, 'utf8').split('\n')[0] ?? '') as {
      trace_id: string;
      span_id: string;
      attributes: Record<string, string>;
    };
    expect(span).toMatchObject({ trace_id: record?.trace_id, span_id: record?.span_id });
    expect(span.attributes['behalf.subject.id']).toBe(pseudonym);
    expect(record?.authz.subject).toBe(pseudonym);
  });

  it('shows no secret and no name anywhere (threats T07, T11)', async () => {
    provenance.record(fullTrail());
    provenance.record(fullTrail({ refusal: new Refusal('internal_error', 'x', { cause: new Error(CANARY) }) }));
    await provenance.shutdown();
    const everything = [readFileSync(records, 'utf8'), readFileSync(spans, 'utf8'), provenance.metricsText(), ...told];
    expect(everything.join('')).not.toContain(CANARY);
    expect(everything.join('')).not.toContain('anna');
  });

  it('never throws: a trail that cannot be recorded is counted, and told of once', async () => {
    const broken = fullTrail({ receivedAt: Number.NaN });
    expect(() => [broken, broken, fullTrail()].forEach(provenance.record)).not.toThrow();
    await provenance.shutdown();
    expect(decisions()).toHaveLength(1);
    expect(provenance.state.records.dropped).toBe(2);
    expect(provenance.metricsText()).toContain('behalf_records_dropped_total 2\n');
    expect(told).toHaveLength(1);
  });

  it('writes the record of a Check whose spans cannot be made, and counts these as lost [T10]', async () => {
    const undrawable = { to: null, because: 'none' } as unknown as NonNullable<Trail['fallback']>;
    provenance.record(fullTrail({ fallback: undrawable }));
    await provenance.shutdown();
    expect(decisions()).toHaveLength(1);
    expect(provenance.state).toMatchObject({ records: { dropped: 0 }, spans: { dropped: 1 } });
  });

  it('takes at shutdown what the server hands over by setImmediate', async () => {
    setImmediate(provenance.record, fullTrail());
    await provenance.shutdown();
    expect(decisions()).toHaveLength(1);
  });

  it('does not start where a target cannot be opened', () => {
    const config = { records: 'file:/nowhere/at/all', traces: 'none', subject: 'plain' } as const;
    expect(() => createProvenance(config, createLog({ level: 'silent' }))).toThrow(/provenance\.records/);
    const traces = { records: 'none', traces: 'file:/nowhere/at/all', subject: 'plain' } as const;
    expect(() => createProvenance(traces, createLog({ level: 'silent' }))).toThrow(/provenance\.traces/);
  });
});
