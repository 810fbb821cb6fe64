/** Where what is compiled in reads a text otherwise than OPA does (docs/divergences.md, "Text that is read"). */
import type { Difference } from './parity.ts';

type IsMeant = (difference: Difference) => boolean;

const MAPPED = /^[0:]*:ffff:/i;

/** By the headings of docs/divergences.md. */
export const NAMED_COMPILED: readonly (readonly [heading: string, isMeant: IsMeant])[] = [
  ['IPv4 in IPv6', isMapped],
  ['Addresses that are none', isNoAddress],
  ['Globs', isGlob],
  ['Patterns', isPattern],
  ['`json.is_valid`', isNoJson],
  [
    'Surrogates in JSON',
    ({ call, input, ours }) => isOf(call, /^json\.unmarshal$/) && isTrap(ours) && /\\ud800/.test(first(input)),
  ],
  ['`to_number`', isNoNumber],
  ['Nothing to look for', isNothing],
  ['Nothing to unite', isNoUnion],
  ['Order', isOtherOrder],
];

/** Where both answer, or ours fails: an address of IPv4 that is written as one of IPv6 is one of IPv4 in OPA. */
function isMapped({ call, input, opa, ours }: Difference): boolean {
  if (opa.kind !== 'value' || !operandsOf(input).some((value) => MAPPED.test(String(value)))) return false;
  if (isOf(call, /^net\.cidr_contains_matches$/)) return isBuiltinError(ours);
  return isOf(call, /^net\.cidr_(?:contains|intersects)$/) && ours.kind === 'value';
}

function isNoAddress({ call, opa, ours }: Difference): boolean {
  if (!isOf(call, /^net\.cidr_(?:contains|intersects)$/) || opa.kind !== 'error' || ours.kind !== 'value') return false;
  return /: (?:not a valid textual representation of an IP address|invalid CIDR address)/.test(opa.detail);
}

/** A line end under `**`, or under `*` where nothing delimits, a pattern that is broken, and what a glob takes as it is. */
function isGlob({ call, input, opa, ours }: Difference): boolean {
  if (!isOf(call, /^glob\.match$/)) return false;
  const operands = operandsOf(input);
  const [pattern, text] = [String(operands[0]), String(operands.at(-1))];
  if (opa.kind === 'error') return ours.kind === 'value' && /glob: syntax error/.test(opa.detail);
  if (/[()$]/.test(pattern)) return true;
  const isAcross = operands[1] === null ? /[*?]/ : /\*\*/;
  return ours.kind === 'value' && isAcross.test(pattern) && /\n/.test(text);
}

function isPattern({ call, input, opa, ours }: Difference): boolean {
  if (!isOf(call, /^regex\.(?:match|is_valid|find_all_string_submatch_n)$/)) return false;
  const [pattern, , most] = operandsOf(input);
  const isNewer = /\(\?<\w+>|\0/.test(String(pattern)) && opa.kind === 'value';
  const isBytes =
    /\\C/.test(String(pattern)) && (opa.kind === 'error' || (opa.kind === 'value' && opa.value === false));
  if (isNewer) return ours.kind === 'undefined' || (ours.kind === 'value' && ours.value === false);
  if (isBytes) return ours.kind === 'value';
  return Number(most) < -1 && ours.kind === 'value' && JSON.stringify(ours.value) === '[]';
}

function isNoJson({ call, opa, ours }: Difference): boolean {
  if (!isOf(call, /^json\.is_valid$/) || opa.kind !== 'value') return false;
  return isTrap(ours) || (ours.kind === 'value' && ours.value === true && opa.value === false);
}

function isNoNumber({ call, input, opa, ours }: Difference): boolean {
  if (!isOf(call, /^to_number$/)) return false;
  if (ours.kind === 'undefined') return /[+_]/.test(first(input)) && (opa.kind === 'value' || isUnwritten(opa));
  if (opa.kind !== 'error') return false;
  return ours.kind === 'value' && /to_number: strconv\.ParseFloat/.test(opa.detail);
}

function isUnwritten(outcome: Difference['opa']): boolean {
  return outcome.kind === 'error' && outcome.detail.includes('invalid number literal');
}

/** The empty text, where another is replaced or looked for. */
function isNothing({ call, input, opa, ours }: Difference): boolean {
  if (operandsOf(input)[1] !== '') return false;
  if (isOf(call, /^indexof$/)) return opa.kind === 'error' && ours.kind === 'value' && ours.value === 0;
  if (!isOf(call, /^replace$/) || opa.kind !== 'value') return false;
  return first(input) === ''
    ? ours.kind === 'value'
    : ours.kind === 'error' && ours.detail.startsWith('policy_timeout');
}

function isNoUnion({ call, input, opa, ours }: Difference): boolean {
  const isNone = JSON.stringify(operandsOf(input)) === '[[]]';
  return isOf(call, /^object\.union_n$/) && isNone && opa.kind === 'value' && ours.kind === 'undefined';
}

/** The same members of a set, in another order. */
function isOtherOrder({ call, opa, ours }: Difference): boolean {
  if (!isOf(call, /^concat$/) || opa.kind !== 'value' || ours.kind !== 'value') return false;
  return sorted(opa.value) === sorted(ours.value);
}

function sorted(value: unknown): string {
  return Array.from(String(value)).sort().join('');
}

function isOf(call: Difference['call'], family: RegExp): boolean {
  return family.test(call?.of ?? '');
}

/** What a call was given, in order. */
export function operandsOf(input: unknown): unknown[] {
  const { n: _, ...operands } = input as Record<string, unknown>;
  return Object.values(operands);
}

function first(input: unknown): string {
  return String(operandsOf(input)[0]);
}

/** A module that gave up. */
export function isTrap(outcome: Difference['ours']): boolean {
  return outcome.kind === 'error' && outcome.detail.startsWith('policy_trap');
}

/** A builtin of the host that failed. */
export function isBuiltinError(outcome: Difference['ours']): boolean {
  return outcome.kind === 'error' && outcome.detail.startsWith('policy_builtin_error');
}
