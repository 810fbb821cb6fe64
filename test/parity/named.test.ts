/** What is named must not hide what is not (threats P17). */
import { expect, it } from 'vitest';
import { namedDivergence } from './named.ts';
import type { Outcome } from './outcome.ts';
import type { Difference } from './parity.ts';

const UNDEFINED: Outcome = { kind: 'undefined' };
const answer = (value: unknown): Outcome => ({ kind: 'value', value });
const failed = (detail: string): Outcome => ({ kind: 'error', detail });

function difference(
  of: string,
  operands: readonly unknown[],
  { opa, ours }: { opa: Outcome; ours: Outcome },
): Difference {
  const input = Object.fromEntries(['n', 'a', 'b', 'c'].map((name, at) => [name, [0, ...operands][at]]));
  return { index: 0, call: { of, rego: `${of}()`, operands: () => [] }, input, opa, ours };
}

it.each([
  ['a native builtin that is undefined where OPA answers', 'regex.match', ['^a', 'a'], answer(true), UNDEFINED],
  [
    'a native builtin that is undefined where another one failed',
    'regex.match',
    ['^a', 'a'],
    failed('eval_builtin_error: to_number: no'),
    UNDEFINED,
  ],
  ['a builtin of the host that is undefined', 'sprintf', ['a'], failed('eval_type_error: sprintf: no'), UNDEFINED],
  ['a network of IPv4', 'net.cidr_contains', ['10.0.0.0/8', '10.0.0.1'], answer(true), answer(false)],
  ['a network of IPv6', 'net.cidr_contains', ['2001:db8::/32', '2001:db8::1'], answer(true), answer(false)],
  ['a glob over one line', 'glob.match', ['/admin/**', ['/'], '/admin/a'], answer(true), answer(false)],
  ['a star that crosses no delimiter', 'glob.match', ['a*', ['/'], 'a\n'], answer(true), answer(false)],
  ['a pattern of the older kind', 'regex.match', ['(?P<n>a)', 'a'], answer(true), UNDEFINED],
  ['a number', 'to_number', ['1'], answer(1), UNDEFINED],
  ['JSON that is valid', 'json.is_valid', ['[]'], answer(true), answer(false)],
  ['a needle', 'replace', ['ab', 'a', 'x'], answer('xb'), failed('policy_timeout: it took more')],
  ['other members of a set', 'concat', [',', ['a']], answer('a'), answer('b')],
] as const)('is not so of %s [P17]', (_, of, operands, opa, ours) => {
  expect(namedDivergence(difference(of, operands, { opa, ours }))).toBeUndefined();
});

it('is so of an address of IPv4 in one of IPv6', () => {
  const operands = ['169.254.0.0/16', '::ffff:169.254.169.254'];
  const said = { opa: answer(true), ours: answer(false) };
  expect(namedDivergence(difference('net.cidr_contains', operands, said))).toBe('IPv4 in IPv6');
});
