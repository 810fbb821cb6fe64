import { expect } from 'vitest';
import { ALLOWED, isRefusalCode, REFUSALS } from '../../src/refusals.ts';
import type { Case, Expected } from './case-schema.ts';
import type { Observed } from './observed.ts';
import type { Prepared } from './prepare.ts';

type HeaderWishes = NonNullable<Expected['headers']>;

/** What a case expects of every answer, said or not, and what it says. */
export function judge({ expect: expected, request: { row } }: Case, request: Prepared, seen: Observed): void {
  const { outcome } = expected;
  const reason = expected.reason ?? ALLOWED;
  const [record, ...others] = seen.records;
  expect(others, 'records beside the one').toEqual([]);
  if (record === undefined) throw new Error('the Check left no record');
  expect(record.authz).toMatchObject({ outcome, reason });
  expect(seen.metadata).toMatchObject({ decision_id: record.decision_id, outcome, reason });
  expect(seen.reached, 'the upstream was reached').toBe(outcome !== 'deny');
  requireNoSecret(request, record);
  if (outcome === 'deny') judgeDenial(reason, request, seen);
  else if (request.hop.protocol !== 'tcp') judgeAllow(request, seen);
  judgeHeaders(seen.headers, expected.headers);
  judgeHeaders(seen.upstream ?? {}, expected.upstream);
  expect(record).toMatchObject(expected.record ?? {});
  if (row !== null && request.hop.protocol !== 'tcp') expect(record).toMatchObject(namedRow(record, row));
  expect(seen.metadata).toMatchObject(expected.metadata ?? {});
  if (expected.body !== undefined) expect(JSON.parse(seen.body)).toMatchObject(expected.body);
}

/** The Envoy route named the row that the case says it does; a row that is found or degraded to is in `authz.hop`. */
function namedRow({ input, authz }: Readonly<Record<string, unknown>>, row: string): object {
  const isRead = typeof input === 'object' && input !== null;
  const isOther = (authz as { fallback?: unknown }).fallback !== undefined;
  return isRead && !isOther && 'hop' in input ? { input: { hop: { id: row } } } : {};
}

function judgeDenial(reason: string, { hop }: Prepared, { status, headers, body, metadata }: Observed): void {
  if (!isRefusalCode(reason)) throw new Error(`${reason} is no refusal`);
  const { httpStatus, grpcCode, class: cls, isPublic } = REFUSALS[reason];
  if (hop.protocol === 'tcp') return;
  if (hop.protocol === 'grpc') expect(headers['grpc-status']).toBe(String(grpcCode));
  else expect(status).toBe(httpStatus);
  expect('www-authenticate' in headers).toBe(cls === 'unauthenticated' || reason === 'scope_missing');
  // Envoy puts the body of a gRPC denial into `grpc-message`.
  if (hop.protocol === 'grpc') return;
  const told = JSON.parse(body) as Record<string, unknown>;
  expect(told).toMatchObject({ decision_id: metadata['decision_id'], class: cls });
  expect(Object.keys(told).length).toBe(isPublic ? 4 : 2);
}

/** Nothing of ours reaches the upstream that we did not set. */
function judgeAllow({ headers: sent }: Prepared, { upstream = {}, metadata }: Observed): void {
  expect(upstream['x-behalf-decision']).toBe(metadata['decision_id']);
  const ours = new Set(
    sent.filter(([name]) => name.replaceAll('_', '-').startsWith('x-behalf-')).map(([, value]) => value),
  );
  for (const [name, value] of Object.entries(upstream)) {
    if (name.replaceAll('_', '-').startsWith('x-behalf-'))
      expect(ours.has(value), `${name} is the client's`).toBe(false);
  }
}

/** Threats T07: no credential, and no part of one that could be used. */
function requireNoSecret({ headers }: Prepared, record: object): void {
  const text = JSON.stringify(record);
  for (const [name, value] of headers) {
    if (!/^(?:authorization|dpop|txn-token|x-spiffe-jwt-svid)$/.test(name)) continue;
    const parts = value.split(/[ .]/).filter((part) => part.length > 16);
    expect(parts.filter((part) => text.includes(part))).toEqual([]);
  }
}

function judgeHeaders(headers: Readonly<Record<string, string>>, wishes: HeaderWishes = {}): void {
  for (const [name, wish] of Object.entries(wishes)) {
    if (wish === null) expect(headers).not.toHaveProperty([name]);
    else if (typeof wish === 'string') expect(headers[name], name).toBe(wish);
    else expect(headers[name], name).toContain(wish.contains);
  }
}
