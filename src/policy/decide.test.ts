import { describe, expect, it } from 'vitest';
import { EXAMPLE_INPUT } from '../../test/fixtures/policy-input.ts';
import { Refusal } from '../refusals.ts';
import { asked } from './asked.ts';
import { decide } from './decide.ts';
import type { PolicyInput } from './input.ts';
import type { Outcome } from './outcome.ts';

const REASONS = [{ code: 'because', message: 'It may.' }];

/** A policy that says one thing, whatever it is asked. */
function decided(said: unknown, input: PolicyInput = EXAMPLE_INPUT): Outcome {
  // As JSON, because that is how it comes out of WASM: `__proto__` is then a member like any other.
  const answer: unknown =
    said === undefined ? undefined : JSON.parse(typeof said === 'string' ? said : JSON.stringify(said));
  const policy = { revision: 'r1', entrypoint: 'behalf/authz/decision', budget: 1, lastTicks: 1 };
  return decide({ ...policy, evaluate: () => answer }, asked(input));
}

it('evaluates the text of what it is asked [P08]', () => {
  const evaluate = (text: string): unknown => ({ allow: text === JSON.stringify(EXAMPLE_INPUT), reasons: REASONS });
  const policy = { revision: 'r1', entrypoint: 'behalf/authz/decision', budget: 1, lastTicks: 1, evaluate };
  expect(decide(policy, asked(EXAMPLE_INPUT)).allow).toBe(true);
});

function refused(said: unknown, input?: PolicyInput): Refusal {
  try {
    decided(said, input);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was allowed');
}

describe('an allow', () => {
  it('is the outcome, with all that policy adds', () => {
    const headers = { 'x-acme-region': 'eu', 'x-acme_tier': 'gold, "2" or more' };
    const metadata = { tier: 'gold', 'cost.center': '', city: 'Zürich' };
    expect(decided({ allow: true, reasons: REASONS, headers, metadata, scopes: ['invoices:read'] })).toEqual({
      allow: true,
      reasons: REASONS,
      headers,
      metadata,
    });
  });

  it('needs no more than allow and reasons', () => {
    expect(decided({ allow: true, reasons: [] })).toEqual({ allow: true, reasons: [], headers: {}, metadata: {} });
  });
});

describe('a deny', () => {
  it('is policy_denied, with the reasons of the policy', () => {
    expect(refused({ allow: false, reasons: REASONS })).toMatchObject({ code: 'policy_denied', reasons: REASONS });
  });

  it('is policy_undefined where policy has no answer (threats P01)', () => {
    expect(refused(undefined)).toMatchObject({ code: 'policy_undefined', reasons: [] });
  });

  it('is approval_required where policy asks for one, and tells the client what to do', () => {
    const approval = { fields: ['/recipient', '/lines/0/a~1b'], message: 'Ask a person.' };
    expect(refused({ allow: false, reasons: REASONS, approval })).toMatchObject({
      code: 'approval_required',
      remediation: 'Ask a person. The approval covers /recipient, /lines/0/a~1b.',
      reasons: REASONS,
    });
    expect(refused({ allow: false, reasons: [], approval: { ...approval, fields: [] } }).remediation).toBe(
      'Ask a person.',
    );
  });
});

const allowing = { allow: true, reasons: REASONS };
const denying = { allow: false, reasons: REASONS };
const approval = { fields: ['/amount'], message: 'Ask a person.' };
const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('anything that is not a decision is policy_result_invalid (threats P02, P16)', () => {
  it.each<readonly [string, unknown]>([
    ['null', null],
    ['true', 'true'],
    ['a number', 1],
    ['text', '"true"'],
    ['a list', []],
    ['a list with a decision', [allowing]],
    ['an empty object', {}],
    ['allow alone', { allow: true }],
    ['reasons alone', { reasons: REASONS }],
    ['allow as text', { ...allowing, allow: 'yes' }],
    ['allow as "true"', { ...allowing, allow: 'true' }],
    ['allow as 1', { ...allowing, allow: 1 }],
    ['allow as null', { ...allowing, allow: null }],
    ['allow as an object', { ...allowing, allow: {} }],
    ['allow in another case', { Allow: true, reasons: REASONS }],
    ['a member that is not known', { ...allowing, obligations: [] }],
    ['a member __proto__', '{"__proto__": {"allow": true}, "allow": true, "reasons": []}'],
    ['a member toString', { ...allowing, toString: true }],
    ['reasons as an object', { allow: true, reasons: {} }],
    ['reasons as text', { allow: true, reasons: 'because' }],
    ['reasons as null', { allow: false, reasons: null }],
    ['17 reasons', { allow: true, reasons: many(17).map(() => REASONS[0]) }],
    ['a reason as text', { allow: true, reasons: ['because'] }],
    ['a reason as null', { allow: true, reasons: [null] }],
    ['a reason without a message', { allow: true, reasons: [{ code: 'a' }] }],
    ['a reason with more', { allow: true, reasons: [{ code: 'a', message: 'b', allow: true }] }],
    ['a code with spaces', { allow: true, reasons: [{ code: 'a b', message: 'b' }] }],
    ['a code too long', { allow: true, reasons: [{ code: 'a'.repeat(65), message: 'b' }] }],
    ['an empty message', { allow: true, reasons: [{ code: 'a', message: '' }] }],
    ['a message too long', { allow: true, reasons: [{ code: 'a', message: 'b'.repeat(257) }] }],
    ['a message with a line break', { allow: true, reasons: [{ code: 'a', message: 'b\nc' }] }],
    ['a message that turns the text around', { allow: true, reasons: [{ code: 'a', message: 'b\u202ec' }] }],
    ['an allow that needs approval', { ...allowing, approval }],
    ['approval as true', { ...denying, approval: true }],
    ['approval as null', { ...denying, approval: null }],
    ['approval without fields', { ...denying, approval: { message: 'Ask.' } }],
    ['approval with more', { ...denying, approval: { ...approval, approver: 'me' } }],
    ['a field that is no JSON pointer', { ...denying, approval: { ...approval, fields: ['amount'] } }],
    ['a field with a bad escape', { ...denying, approval: { ...approval, fields: ['/a~2'] } }],
    ['17 fields', { ...denying, approval: { ...approval, fields: many(17).map(() => '/a') } }],
    ['an approval message too long', { ...denying, approval: { ...approval, message: 'a'.repeat(201) } }],
    ['an approval message with a NUL', { ...denying, approval: { ...approval, message: 'a\u0000' } }],
    ['a scope that the token lacks', { ...allowing, scopes: ['invoices:read', 'admin'] }],
    ['scopes as text', { ...allowing, scopes: 'invoices:read' }],
    ['scopes as null', { ...allowing, scopes: null }],
    ['a scope that is no text', { ...allowing, scopes: [['invoices:read']] }],
    ['metadata as a list', { ...allowing, metadata: ['a'] }],
    ['metadata with a number', { ...allowing, metadata: { a: 1 } }],
    ['metadata with a line break', { ...allowing, metadata: { a: 'b\r\nc' } }],
    ['metadata with a foreign name', '{"allow": true, "reasons": [], "metadata": {"__proto__": "a"}}'],
    ['17 metadata members', { ...allowing, metadata: Object.fromEntries(many(17).map((n) => [`a${n}`, 'b'])) }],
    ['9 headers', { ...allowing, headers: Object.fromEntries(many(9).map((n) => [`x-a${n}`, 'b'])) }],
    ['headers as a list', { ...allowing, headers: [['x-a', 'b']] }],
    ['headers as null', { ...allowing, headers: null }],
  ])('%s', (_, said) => {
    expect(refused(said).code).toBe('policy_result_invalid');
  });

  it.each([
    'authorization',
    'host',
    ':path',
    'accept',
    'X-Acme',
    'x-',
    'x-acme region',
    'x-acme:region',
    'x-acme\r\nx-b',
    'x-ümlaut',
    'x-behalf-subject',
    'x-behalf_subject',
    'x_behalf_subject',
    'x-envoy-original-path',
    'x-envoy_retry-on',
    'x-forwarded-for',
    'x-forwarded-client-cert',
    'x-forwarded_proto',
    `x-${'a'.repeat(63)}`,
  ])('the header name %j', (name) => {
    expect(refused({ ...allowing, headers: { [name]: 'a' } }).code).toBe('policy_result_invalid');
  });

  it('every header value with a byte that is not visible ASCII, or at the edge a space (threats E23)', () => {
    const safe = many(0x101).filter((code) => {
      try {
        decided({ ...allowing, headers: { 'x-acme': `a${String.fromCodePoint(code)}b` } });
        return true;
      } catch {
        return false;
      }
    });
    expect(safe).toEqual(many(0x7f).filter((code) => code >= 0x20));
    for (const value of ['', ' a', 'a ', '\u2028', 'a'.repeat(513), 1, null, ['a']]) {
      expect(refused({ ...allowing, headers: { 'x-acme': value } }).code).toBe('policy_result_invalid');
    }
  });

  it('also where it denies', () => {
    expect(refused({ ...denying, headers: { authorization: 'a' } }).code).toBe('policy_result_invalid');
  });

  it('and says which member, but nothing of what it held', () => {
    const { detail } = refused({ ...allowing, headers: { 'x-acme': 'secret\n' } });
    expect(detail).toMatch(/^headers /);
    expect(detail).not.toContain('secret');
  });
});

describe('the input', () => {
  const { token, grant } = EXAMPLE_INPUT;

  it.each<readonly [string, Partial<PolicyInput>]>([
    ['time', { time: Number.NaN }],
    ['token.expiresAt', { token: { ...token, expiresAt: Number.POSITIVE_INFINITY } }],
    ['grant.expiresAt', { grant: grant && { ...grant, expiresAt: Number.NaN } }],
  ])('is not put to policy where %s is not finite, which JSON makes null', (_, part) => {
    expect(refused({ ...allowing }, { ...EXAMPLE_INPUT, ...part }).code).toBe('internal_error');
  });

  it('may be without a grant', () => {
    expect(decided(allowing, { ...EXAMPLE_INPUT, grant: null }).allow).toBe(true);
  });
});
