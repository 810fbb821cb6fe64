import { describe, expect, it } from 'vitest';
import { fullTrail, identity } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import { Refusal } from '../refusals.ts';
import { createProvenance, type Provenance } from './provenance.ts';
import type { Trail } from './trail.ts';

function quiet(): Provenance {
  return createProvenance({ records: 'none', traces: 'none', subject: 'pseudonymous' }, createLog({ level: 'silent' }));
}

/** The samples of one metric, as `labels value`. */
function samples(provenance: Provenance, metric: string): string[] {
  const lines = provenance.metricsText().split('\n');
  return lines.filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
}

describe('/metrics', () => {
  it('counts Checks by row, outcome and reason', () => {
    const provenance = quiet();
    provenance.record(fullTrail());
    provenance.record(fullTrail());
    provenance.record(fullTrail({ refusal: new Refusal('grant_expired', 'exp') }));
    const { routed: _, ...unrouted } = fullTrail({ refusal: new Refusal('hop_unknown', 'none') });
    provenance.record(unrouted);
    expect(samples(provenance, 'behalf_check_total')).toEqual([
      'behalf_check_total{hop="erp.invoices.read",outcome="allow",reason="allowed"} 2',
      'behalf_check_total{hop="erp.invoices.read",outcome="deny",reason="grant_expired"} 1',
      'behalf_check_total{hop="unknown",outcome="deny",reason="hop_unknown"} 1',
    ]);
  });

  it('puts a duration into the bucket whose bound it reaches, and into all above', () => {
    const provenance = quiet();
    provenance.record(fullTrail({ started: 0, answered: 2.5 }));
    provenance.record(fullTrail({ started: 0, answered: 60_000 }));
    const buckets = samples(provenance, 'behalf_check_duration_seconds_bucket').filter((line) =>
      line.includes('allow'),
    );
    expect(buckets.find((line) => line.includes('le="0.001"'))).toMatch(/ 0$/);
    expect(buckets.find((line) => line.includes('le="0.0025"'))).toMatch(/ 1$/);
    expect(buckets.find((line) => line.includes('le="1"'))).toMatch(/ 1$/);
    expect(buckets.find((line) => line.includes('le="+Inf"'))).toMatch(/ 2$/);
    expect(samples(provenance, 'behalf_check_duration_seconds_sum')).toContain(
      'behalf_check_duration_seconds_sum{outcome="allow"} 60.0025',
    );
  });

  it('shows what evaluations took of the budget, and nothing of Checks that policy was not asked about [P07]', () => {
    const provenance = quiet();
    for (const policyTicks of [10_300, 1_000_003]) provenance.record(fullTrail({ policyTicks }));
    provenance.record(fullTrail({ refusal: new Refusal('token_expired', 'exp') }));
    const buckets = samples(provenance, 'behalf_policy_ticks_bucket');
    expect(buckets).toContain('behalf_policy_ticks_bucket{le="25000"} 1');
    expect(buckets).toContain('behalf_policy_ticks_bucket{le="1000000"} 1');
    expect(buckets).toContain('behalf_policy_ticks_bucket{le="2500000"} 2');
    expect(samples(provenance, 'behalf_policy_ticks_count')).toEqual(['behalf_policy_ticks_count 2']);
  });

  it('shows the revisions in force, and no former ones', () => {
    const provenance = quiet();
    expect(samples(provenance, 'behalf_policy_info')).toEqual([]);
    provenance.serving({ policy: 'p1', matrix: 'm1' });
    provenance.serving({ policy: 'p2', matrix: 'm1' });
    expect(samples(provenance, 'behalf_policy_info')).toEqual(['behalf_policy_info{revision="p2"} 1']);
    expect(samples(provenance, 'behalf_matrix_info')).toEqual(['behalf_matrix_info{revision="m1"} 1']);
  });

  it('counts reloads by their result', () => {
    const provenance = quiet();
    provenance.reloaded('success');
    provenance.reloaded('failure');
    provenance.reloaded('failure');
    expect(samples(provenance, 'behalf_reload_total')).toEqual([
      'behalf_reload_total{result="success"} 1',
      'behalf_reload_total{result="failure"} 2',
    ]);
  });

  it('does not grow with subjects, paths or ids: 100,000 of each (threats T08)', () => {
    const provenance = quiet();
    const trail = fullTrail();
    provenance.record(trail);
    const before = provenance.metricsText().split('\n').length;
    for (let i = 0; i < 100_000; i += 1) {
      const input = { ...(trail.input as NonNullable<Trail['input']>), path: `/v1/${i}`, namedHop: `hop-${i}` };
      provenance.record({ ...trail, decisionId: `decision-${i}`, input, identity: identity(`subject-${i}`) });
    }
    expect(provenance.metricsText().split('\n')).toHaveLength(before);
  });
});
