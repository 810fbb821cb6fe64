import { BUILTINS } from '../../src/policy/host/table.ts';
import { isBuiltinError, isTrap, NAMED_COMPILED, operandsOf } from './named-compiled.ts';
import type { Difference } from './parity.ts';

/** What docs/divergences.md names, by its headings there, and which differences it means: as few as can be told. */
const NAMED: readonly (readonly [heading: string, isMeant: (difference: Difference) => boolean])[] = [
  ['Errors of compiled builtins', isCompiledError],
  ['Base64', ({ call }) => /^base64(?:url)?\.(?:decode|is_valid)$/.test(call?.of ?? '')],
  [
    '`json.unmarshal`',
    ({ call, opa, ours }) => call?.of === 'json.unmarshal' && opa.kind === 'error' && ours.kind === 'value',
  ],
  ['`json.marshal`', ({ call, opa, ours }) => call?.of === 'json.marshal' && parsed(opa) === parsed(ours)],
  [
    'Collections in text',
    ({ call, input }) => call?.of === 'internal.template_string' && operandsOf(input).some(isCollection),
  ],
  ['The empty path', isEmptyPath],
  ['`format_int`', ({ call, input }) => call?.of === 'format_int' && Math.abs(Number(operandsOf(input)[0])) >= 2 ** 31],
  ['Digits of decimals', isNearlyEqual],
  ['Rounding', ({ call, input }) => /^(?:ceil|floor|round)$/.test(call?.of ?? '') && Number(operandsOf(input)[0]) < 0],
  ['Panics', ({ opa }) => opa.kind === 'error' && opa.detail.startsWith('panic')],
  ['Bytes that are no text', isBytes],
  ['What `sprintf` does not write', isNotWritten],
  ['Limits', isTooWide],
  ['Groups of one name', ({ call, input, ours }) => isHostError(ours, call?.of ?? '', /^regex\./) && hasTwins(input)],
  ['Time zones', isOfOldZone],
  ...NAMED_COMPILED,
];

const OPERATORS = new Set(['plus', 'minus', 'mul', 'div', 'rem', 'and', 'or']);

/** The heading in docs/divergences.md that a difference belongs to. */
export function namedDivergence(difference: Difference): string | undefined {
  return NAMED.find(([, isMeant]) => isMeant(difference))?.[0];
}

/** Every heading that is used, so that a test can see that it is there. */
export const HEADINGS: readonly string[] = NAMED.map(([heading]) => heading);

/** OPA's error is of the builtin that was called, and what we have is no answer. Where OPA has one, this is none of it. */
function isCompiledError({ call, opa, ours }: Difference): boolean {
  if (opa.kind !== 'error' || ours.kind !== 'undefined') return false;
  const name = /^eval_(?:type|builtin)_error: (?:[^:]*:\d+:\d+: )?([\w.]+): /.exec(opa.detail)?.[1] ?? '';
  const isCalled = name === call?.of || call?.rego.includes(`${name}(`) === true || OPERATORS.has(name);
  return isCalled && BUILTINS[name]?.is === 'native';
}

function isCollection(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isHostError(outcome: Difference['ours'], of: string, family: RegExp): boolean {
  return isBuiltinError(outcome) && family.test(of);
}

/** The JSON that a text is, as text in one order; something else for each side where it is none. */
function parsed(outcome: Difference['ours']): unknown {
  if (outcome.kind !== 'value' || typeof outcome.value !== 'string') return Symbol('none');
  return JSON.stringify(inOrder(JSON.parse(outcome.value)));
}

function inOrder(value: unknown): unknown {
  if (!isCollection(value)) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, held]) => [key, inOrder(held)]);
}

function isEmptyPath({ call, input, ours }: Difference): boolean {
  const [, paths] = operandsOf(input);
  return /^json\.(?:filter|remove)$/.test(call?.of ?? '') && isTrap(ours) && Array.isArray(paths) && paths.includes('');
}

/** The two reckon in binary and in decimal. */
function isNearlyEqual({ call, input, opa, ours }: Difference): boolean {
  if (!/^(?:plus|minus|mul|div|sum|product)$/.test(call?.of ?? '')) return false;
  if (opa.kind !== 'value' || ours.kind !== 'value') return false;
  const [a, b] = [Number(opa.value), Number(ours.value)];
  const largest = Math.max(
    1,
    Math.abs(a),
    ...operandsOf(input)
      .flat()
      .map((value) => Math.abs(Number(value))),
  );
  return Math.abs(a - b) <= largest * 1e-9;
}

function isBytes({ call, opa, ours }: Difference): boolean {
  const isFamily = isHostError(ours, call?.of ?? '', /^(?:hex\.decode|urlquery\.|io\.jwt\.)/);
  return isFamily && opa.kind === 'value' && JSON.stringify(opa.value).includes('\ufffd');
}

/** `%b` and `%x` of a fraction, where Go writes an exponent of two; and the inside or the address of a long integer. */
function isNotWritten({ call, input, opa, ours }: Difference): boolean {
  if (!isHostError(ours, call?.of ?? '', /^sprintf$/) || opa.kind !== 'value') return false;
  const [format] = operandsOf(input);
  return /%[^%]*p/.test(String(format)) || /[\da-f.]p[+-]\d|&(?:big\.Int)?\{/i.test(String(opa.value));
}

/** A width that is an operand, and larger than any text may be. */
function isTooWide({ call, input, ours }: Difference): boolean {
  if (!isHostError(ours, call?.of ?? '', /^sprintf$/)) return false;
  const [format, ...rest] = operandsOf(input);
  return String(format).includes('*') && rest.flat().some((value) => Math.abs(Number(value)) * 1.5 >= 65_536);
}

/** What the clocks of Amsterdam showed before 1940 is that of Brussels in some releases of the time zone database. */
function isOfOldZone({ call, input, opa, ours }: Difference): boolean {
  const [at, zone] = operandsOf(input);
  const isOld = zone === 'Europe/Amsterdam' && Number(at) < 0;
  return call?.of.startsWith('time.') === true && isOld && opa.kind === 'value' && ours.kind === 'value';
}

function hasTwins(input: unknown): boolean {
  const names = JSON.stringify(input).match(/\(\?P?<\w+>/g) ?? [];
  const bare = names.map((name) => name.replace('P', ''));
  return new Set(bare).size < bare.length;
}
