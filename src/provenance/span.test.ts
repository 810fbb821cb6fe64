import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bareTrail, CANARY, fullTrail } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import { Refusal } from '../refusals.ts';
import { createProvenance } from './provenance.ts';
import type { Trail } from './trail.ts';

const ENVOY = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const CLIENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

interface Line {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly kind: string;
  readonly start: string;
  readonly end: string;
  readonly attributes: Record<string, unknown>;
  readonly status: string;
  readonly links: readonly unknown[];
}

/** What a span file holds after these Checks. */
async function spansOf(...trails: readonly Trail[]): Promise<Line[]> {
  const path = join(mkdtempSync(join(tmpdir(), 'behalf-')), 'spans.ndjson');
  const config = { records: 'none', traces: `file:${path}`, subject: 'plain' } as const;
  const provenance = createProvenance(config, createLog({ level: 'silent' }));
  for (const trail of trails) {
    provenance.record(trail);
  }
  await provenance.shutdown();
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

function request(headers: Record<string, string>, callerTrace: Trail['callerTrace']): Trail {
  const trail = fullTrail();
  return { ...trail, callerTrace, input: { ...(trail.input as NonNullable<Trail['input']>), headers } };
}

describe('the span tree of a Check', () => {
  it('is a check with the steps that ran, at the times of the trail', async () => {
    const [check, identify, decide] = await spansOf(fullTrail());
    expect(check).toMatchObject({ name: 'behalf.check', kind: 'server', status: 'unset' });
    expect(identify).toMatchObject({ name: 'behalf.identify', kind: 'internal', attributes: {} });
    expect(decide).toMatchObject({ name: 'behalf.decide', kind: 'internal', attributes: {} });
    for (const child of [identify, decide]) {
      expect(child).toMatchObject({ trace_id: check?.trace_id, parent_span_id: check?.span_id });
    }
    const received = BigInt(Date.UTC(2026, 10, 22, 12, 0, 0, 999)) * 1_000_000n;
    const times = [check, identify, decide].map((span) => [
      BigInt(span?.start ?? 0) - received,
      BigInt(span?.end ?? 0) - received,
    ]);
    expect(times).toEqual([
      [0n, 2_500_000n],
      [250_000n, 500_000n],
      [1_000_000n, 1_500_000n],
    ]);
  });

  it('has no child for a step that did not run, and one to the end for a step that refused', async () => {
    const { decideTook: _, ...known } = fullTrail({ refusal: new Refusal('token_expired', 'exp') });
    const [check, identify, ...others] = await spansOf({ ...known, identifyTook: [5000.25, undefined] });
    expect(identify).toMatchObject({ name: 'behalf.identify', end: check?.end });
    expect(others).toEqual([]);
  });

  it('gives every span its own id', async () => {
    const spans = await spansOf(fullTrail(), fullTrail(), fullTrail());
    expect(new Set(spans.map(({ span_id }) => span_id)).size).toBe(9);
  });

  it('says on the check what was decided, about whom, and under what', async () => {
    const [check] = await spansOf(fullTrail());
    expect(check?.attributes).toEqual({
      'behalf.decision.id': '9a3d4b57-8ac6-4a2b-8c4d-000000000001',
      'opa.decision_id': '9a3d4b57-8ac6-4a2b-8c4d-000000000001',
      'behalf.decision.outcome': 'allow',
      'behalf.decision.reason': 'allowed',
      'behalf.hop': 'erp.invoices.read',
      'behalf.boundary': 'agents -> erp',
      'behalf.peer.id': 'spiffe://prod.acme.example/ns/agents/sa/procurement',
      'behalf.subject.id': 'pseudonym',
      'behalf.agent.id': 'procurement',
      'behalf.agent.chain': ['spiffe://prod.acme.example/ns/agents/sa/support'],
      'behalf.grant.id': 'grant-7',
      'behalf.task.id': 'task-7',
      'behalf.token.issuer': 'https://idp.acme.example',
      'behalf.policy.revision': '3f2a9bc01d22',
      'behalf.matrix.revision': 'aabbccddeeff',
    });
  });

  it.each([
    ['a deny', 'policy_denied', 'unset', undefined],
    ['a fault', 'policy_trap', 'error', 'policy_trap'],
  ] as const)('marks %s as it should be', async (_, code, status, errorType) => {
    const [check] = await spansOf(bareTrail({ refusal: new Refusal(code, 'detail') }));
    expect(check?.status).toBe(status);
    expect(check?.attributes['error.type']).toBe(errorType);
    expect(check?.attributes['behalf.decision.reason']).toBe(code);
  });

  it('holds no token, claim, header, query or body value (threats T07)', async () => {
    expect(JSON.stringify(await spansOf(fullTrail()))).not.toContain(CANARY);
  });
});

describe('the parent of a Check (threats T09)', () => {
  it.each([
    ["Envoy's span; the client's is a link", ENVOY, CLIENT, ENVOY, [CLIENT]],
    ["Envoy's span alone", ENVOY, undefined, ENVOY, []],
    ["the client's span where Envoy has none", undefined, CLIENT, CLIENT, []],
    ['nothing where neither is there', undefined, undefined, undefined, []],
    ["Envoy's span, not also a link, where the client's is the same", ENVOY, ENVOY, ENVOY, []],
    ["the client's span where Envoy's is malformed", '00-zz-b7ad6b7169203331-01', CLIENT, CLIENT, []],
    ["nothing where the client's is malformed", undefined, `${CLIENT},${CLIENT}`, undefined, []],
    ['nothing where the trace id is zero', undefined, `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined, []],
    ['nothing where the version is forbidden', undefined, CLIENT.replace('00-', 'ff-'), undefined, []],
    ['nothing where it is upper case', undefined, CLIENT.toUpperCase(), undefined, []],
    ['nothing where it is endless', undefined, `01${CLIENT.slice(2)}-${'x'.repeat(100_000)}`, undefined, []],
  ])('is %s', async (_, caller, client, parent, links) => {
    const headers = client === undefined ? {} : { traceparent: client };
    const [check] = await spansOf(request(headers, caller === undefined ? {} : { traceparent: caller }));
    const [, traceId, spanId] = parent?.split('-') ?? [];
    expect(check?.parent_span_id).toBe(spanId);
    expect(check?.trace_id).toEqual(traceId ?? expect.stringMatching(/^[0-9a-f]{32}$/));
    expect(check?.links).toEqual(links.map((link) => ({ trace_id: link.split('-')[1], span_id: link.split('-')[2] })));
  });

  it("follows Envoy's sampling, never the client's", async () => {
    const unsampled = (traceparent: string): string => traceparent.replace(/01$/, '00');
    expect(await spansOf(request({}, { traceparent: unsampled(ENVOY) }))).toEqual([]);
    expect(await spansOf(request({ traceparent: unsampled(CLIENT) }, {}))).toHaveLength(3);
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_always_off');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await spansOf(request({ traceparent: CLIENT }, {}))).toEqual([]);
    expect(await spansOf(request({}, { traceparent: ENVOY }))).toHaveLength(3);
  });
});
