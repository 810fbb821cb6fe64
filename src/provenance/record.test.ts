import { describe, expect, it } from 'vitest';
import { recordLine } from '../../test/fakes/record-line.ts';
import { bareTrail, CANARY, fullTrail, identity } from '../../test/fakes/trail.ts';
import { Refusal } from '../refusals.ts';
import type { Place } from './place.ts';
import type { Trail } from './trail.ts';

const ORPHAN: Place = { parent: undefined, trusted: false, link: undefined };
const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

interface Parsed {
  readonly [field: string]: unknown;
  readonly input: Record<string, unknown>;
  readonly authz: Record<string, unknown>;
}

function parsed(trail: Trail, place = ORPHAN): Parsed {
  return JSON.parse(recordLine(trail, { place, context: undefined })) as Parsed;
}

describe('a decision record', () => {
  it('says of an allow who asked, for whom, under which grant, policy and matrix', () => {
    const record = parsed(fullTrail());
    expect(record).toMatchObject({
      decision_id: '9a3d4b57-8ac6-4a2b-8c4d-000000000001',
      bundles: { authz: { revision: '3f2a9bc01d22' } },
      path: 'behalf/authz/decision',
      input: {
        hop: { id: 'erp.invoices.read' },
        request: {
          method: 'GET',
          host: 'erp.acme.example',
          path: '/v1/regions/eu/invoices/inv-7',
          params: { region: 'eu', invoice: 'inv-7' },
        },
      },
      result: { allow: true, reasons: [{ code: 'granted', message: 'the grant covers this action' }] },
      requested_by: 'spiffe://prod.acme.example/ns/agents/sa/procurement',
      timestamp: '2026-11-22T12:00:00.999Z',
      metrics: { timer_server_handler_ns: 2_500_000, timer_identify_ns: 250_000, timer_rego_query_eval_ns: 500_000 },
      req_id: 'b1946ac9-2492-4d23-8d1d-0a0a0a0a0a0a',
    });
    expect(record.authz).toEqual({
      outcome: 'allow',
      reason: 'allowed',
      hop: 'erp.invoices.read',
      boundary: 'agents -> erp',
      peer: 'spiffe://prod.acme.example/ns/agents/sa/procurement',
      subject: 'pseudonym',
      subject_issuer: 'https://idp.acme.example',
      agent: 'procurement',
      actor: 'spiffe://prod.acme.example/ns/agents/sa/procurement',
      chain: ['spiffe://prod.acme.example/ns/agents/sa/support'],
      grant: 'grant-7',
      task: 'task-7',
      token_issuer: 'https://idp.acme.example',
      policy: 'allow',
      matrix_revision: 'aabbccddeeff',
      config_epoch: 3,
    });
  });

  it('is there for a Check of which nothing could be read', () => {
    const record = parsed(bareTrail({ refusal: new Refusal('malformed_check_request', 'no bytes') }));
    expect(record).toMatchObject({
      result: { allow: false, reasons: [] },
      requested_by: '',
      authz: { outcome: 'deny', reason: 'malformed_check_request', class: 'malformed', detail: 'no bytes' },
    });
    expect(record.input).toBeUndefined();
  });

  it('says of a fault that it was one', () => {
    const refusal = new Refusal('policy_trap', 'unreachable');
    const { outcome: _, ...known } = fullTrail({ refusal, decideTook: [5001, undefined] });
    expect(parsed(known)).toMatchObject({
      result: { allow: false, reasons: [] },
      metrics: { timer_rego_query_eval_ns: 1_500_000 },
      authz: { outcome: 'deny', reason: 'policy_trap', class: 'fault', detail: 'unreachable' },
    });
  });

  it.each([
    [
      "policy's reasons for a deny",
      { refusal: new Refusal('policy_denied', 'no', { reasons: [{ code: 'x', message: 'y' }] }) },
      'x',
    ],
    ["policy's reasons where a later step refused", { refusal: new Refusal('claim_not_header_safe', 'no') }, 'granted'],
  ])('carries %s', (_, known, code) => {
    expect(parsed(fullTrail(known))['result']).toMatchObject({ allow: false, reasons: [{ code }] });
  });

  it('names a refused caller as Envoy does, and claims no proof of it', () => {
    const { identity: _, peer, ...known } = fullTrail({ refusal: new Refusal('token_expired', 'exp') });
    const record = parsed(known);
    expect(record['requested_by']).toBe('spiffe://prod.acme.example/ns/agents/sa/procurement');
    expect(record.authz['peer']).toBeUndefined();
    // A proven peer is told, also where the token was then refused.
    expect(parsed({ ...known, ...(peer && { peer }) }).authz['peer']).toBe(peer?.id);
  });

  it('belongs to the trace of its caller, also where its own span is not exported', () => {
    const record = parsed(fullTrail(), { ...ORPHAN, parent: PARENT });
    expect(record['trace_id']).toBe(PARENT.traceId);
    expect(record['span_id']).toBeUndefined();
  });

  it('holds no token, claim, header, query or body value (threats T07)', () => {
    expect(recordLine(fullTrail(), { place: ORPHAN, context: undefined })).not.toContain(CANARY);
  });

  it('is one line of plain characters, whatever the caller sends (threats T06)', () => {
    const hostile = 'a\r\n{"forged":1}\u001b[2J\u0000\u007f\u009b\u2028\u2029\u202e\u2066\ufeff\ud800';
    const input = { ...(fullTrail().input as NonNullable<Trail['input']>), path: hostile, requestId: hostile };
    const trail = fullTrail({ input, identity: identity(hostile), subjectLabel: hostile });
    const line = recordLine(trail, { place: ORPHAN, context: undefined });
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect((JSON.parse(line) as Parsed).input['request']).toMatchObject({ path: hostile });
  });

  it('does not grow with what the caller sends', () => {
    const long = 'x'.repeat(1_000_000);
    const input = { ...(fullTrail().input as NonNullable<Trail['input']>), path: long, requestId: long, host: long };
    const reasons = Array.from({ length: 10_000 }, () => ({ code: long, message: long }));
    const trail = fullTrail({ input, refusal: new Refusal('policy_denied', long, { reasons }) });
    expect(recordLine(trail, { place: ORPHAN, context: undefined }).length).toBeLessThan(32_000);
  });
});
