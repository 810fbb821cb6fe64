/** Comparisons that hold because something is missing from one of their sides. */
import { type Expr, nameOf, type Term } from './policy-lint-ast.ts';
import type { Fault } from './policy-lint-faults.ts';
import { kindOf, partsOf, type Scope, termsOf, varsOf } from './policy-lint-scope.ts';

/**
 * What fails where a line holds although it is not negated: `count(denials) == 0`, `denials == set()`, `n < 1`, and an
 * `every` over what lacks a member.
 * @param lacking tells why a term can lack something and be there all the same
 */
export function negationIn(expr: Expr, lacking: (term: Term) => Fault | undefined): Fault | undefined {
  const kind = kindOf(expr);
  if ('every' in kind) return lacking(kind.every.domain);
  if (!('call' in kind) || kind.call.length !== 3) return undefined;
  const [name, left, right] = kind.call as readonly [Term, Term, Term];
  switch (nameOf(name)) {
    case 'equal':
      return isTrue(left) || isTrue(right) ? undefined : (lacking(left) ?? lacking(right));
    case 'eq':
      // It binds what it does not compare.
      return isEmpty(left) || isEmpty(right) ? (lacking(left) ?? lacking(right)) : undefined;
    case 'neq':
      return isEmpty(left) || isEmpty(right) ? undefined : (lacking(left) ?? lacking(right));
    case 'lt':
    case 'lte':
      return lacking(left);
    case 'gt':
    case 'gte':
      return lacking(right);
    default:
      return undefined;
  }
}

function isTrue({ type, value }: Term): boolean {
  return type === 'boolean' && value === true;
}

/** What a collection is, or a number of its members, where it has none. */
function isEmpty(term: Term): boolean {
  const { type, value } = term;
  if (type !== 'array' && type !== 'set' && type !== 'object') return value === 0 || value === '' || value === false;
  return (value as readonly unknown[]).length === 0 || partsOf(term).some(isEmpty);
}

/** The variables that a line binds, or may. */
export function boundBy(expr: Expr): readonly string[] {
  const kind = kindOf(expr);
  if (expr.negated === true) return [];
  if ('some' in kind) {
    const [call] = kind.some.symbols;
    return call?.type === 'call' ? (call.value as readonly Term[]).slice(1, -1).flatMap(varsOf) : [];
  }
  const [name, left, right] = 'call' in kind ? kind.call : [];
  if (left === undefined || right === undefined || !['assign', 'eq'].includes(nameOf(name))) return [];
  return [...varsOf(left), ...(nameOf(name) === 'eq' ? varsOf(right) : [])];
}

/** Why a variable that a line reads can lack something. */
export function unsureIn(expr: Expr, { unsure }: Scope): Fault | undefined {
  const name = termsOf(expr)
    .flatMap(varsOf)
    .find((each) => unsure?.has(each));
  return name === undefined ? undefined : unsure?.get(name);
}
