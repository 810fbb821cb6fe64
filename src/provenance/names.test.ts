import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { recordLine } from '../../test/fakes/record-line.ts';
import { bareTrail, CANARY, fullTrail, identity } from '../../test/fakes/trail.ts';
import type { Grant } from '../delegation/grant.ts';
import { Refusal } from '../refusals.ts';
import { Metrics } from './metrics.ts';
import * as names from './names.ts';
import { createOrigin } from './origin.ts';
import { spanAttributes } from './span-attributes.ts';
import type { Trail } from './trail.ts';

const page = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8');
const PLACE = { parent: undefined, trusted: false, link: undefined };
const CONTEXT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

/** The first cells of the table under a heading, and all of its cells. */
function table(heading: string): { readonly names: readonly string[]; readonly rows: readonly string[][] } {
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1));
  return { rows, names: rows.map(([name = '']) => name.trim().replaceAll('`', '')) };
}

describe('docs/telemetry.md', () => {
  it.each([
    ['Spans', names.SPANS],
    ['Attributes of `behalf.check`', names.ATTRIBUTES],
    ['Events of `behalf.check`', Object.keys(names.EVENTS)],
    ['Span files', names.SPAN_FIELDS],
    ['Decision records', names.RECORD_FIELDS],
    ['`labels`', names.LABEL_FIELDS],
    ['`input`', names.INPUT_FIELDS],
    ['`metrics`', names.TIMER_FIELDS],
    ['`authz`', names.AUTHZ_FIELDS],
    ['Metrics', Object.keys(names.METRICS)],
  ])('lists exactly the names of the code under "%s"', (heading, inCode) => {
    expect(table(heading).names).toEqual([...inCode]);
  });

  it('lists exactly the attributes of each event', () => {
    for (const [name = '', attributes = ''] of table('Events of `behalf.check`').rows) {
      const listed = [...attributes.matchAll(/`([\w.]+)`/g)].map((match) => match[1]);
      expect(listed).toEqual([...names.EVENTS[name.trim().replaceAll('`', '') as names.EventName]]);
    }
  });

  it('lists exactly the labels of each metric', () => {
    for (const [name = '', , labels = ''] of table('Metrics').rows) {
      const metric = names.METRICS[name.trim().replaceAll('`', '') as names.MetricName];
      expect([...labels.matchAll(/`(\w+)`/g)].map((match) => match[1])).toEqual([...metric.labels]);
    }
  });
});

describe('names.ts', () => {
  it('lists exactly the fields that records have', () => {
    const shadowed = { revision: 'r2', result: 'agree', code: 'allowed', reasons: [] } as const;
    const parts = { place: PLACE, context: CONTEXT, subject: 's', shadowed };
    const full = fullTrail();
    const { input, routed, grant } = full as Required<Trail>;
    const approved = { ...grant, version: 2, approval: { id: 'a-1', approver: 'bob', at: 1 } } as Grant;
    const everything = fullTrail({
      input: { ...input, destination: '10.0.0.1:5432', sni: 'db.acme.example' },
      routed: {
        ...routed,
        mcp: [
          { method: 'tools/call', tool: 'pay', arguments: { secret: CANARY } },
          { method: 'tools/call', tool: 'pay', arguments: { secret: CANARY } },
        ],
      },
      grant: approved,
      fallback: { from: 'erp.invoices.read', to: 'erp.invoices.summary', because: 'policy_trap' },
    });
    expect(recordLine(everything, parts)).not.toContain(CANARY);
    const seen = [
      recordLine(everything, parts),
      recordLine(full, parts),
      recordLine(fullTrail({ refusal: new Refusal('policy_trap', 'it trapped') }), parts),
    ].map((line) => JSON.parse(line) as Record<string, object>);
    const fields = (pick: (record: Record<string, object>) => object): Set<string> =>
      new Set(seen.flatMap((record) => Object.keys(pick(record))));
    expect(fields((record) => record)).toEqual(new Set(names.RECORD_FIELDS));
    expect(fields((record) => record['labels'] ?? {})).toEqual(new Set(names.LABEL_FIELDS));
    expect(fields((record) => record['input'] ?? {})).toEqual(new Set(names.INPUT_FIELDS));
    expect(fields((record) => record['metrics'] ?? {})).toEqual(new Set(names.TIMER_FIELDS));
    expect(fields((record) => record['authz'] ?? {})).toEqual(new Set(names.AUTHZ_FIELDS));
  });

  it('lists exactly the attributes that spans have', () => {
    const fault = fullTrail({
      identity: identity('anna'),
      refusal: new Refusal('policy_trap', 'it trapped'),
      fallback: { from: 'a', to: 'b', because: 'policy_trap' },
    });
    expect(new Set(Object.keys(spanAttributes(fault)))).toEqual(new Set(names.ATTRIBUTES));
  });

  it('lists exactly the metrics that are exposed', () => {
    const none = { dropped: 0, maskFailures: 0 };
    const metrics = new Metrics(createOrigin(), {
      losses: () => ({ records: none, upload: none, spans: none }),
      staleness: () => 0,
    });
    const exposed = [...metrics.text().matchAll(/^# TYPE (behalf_\w+)/gm)].map((match) => match[1]);
    expect(exposed.sort()).toEqual(Object.keys(names.METRICS).sort());
  });

  it('is not needed for the earliest refusals: they have no optional field', () => {
    const line = recordLine(bareTrail(), { place: PLACE, context: undefined });
    expect(Object.keys(JSON.parse(line) as object)).not.toContain('input');
  });
});
