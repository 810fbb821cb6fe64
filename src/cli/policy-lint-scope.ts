/** What is known inside one body of Rego. */
import type { Comprehension, Every, Expr, Module, SomeIn, Term } from './policy-lint-ast.ts';
import type { Fault } from './policy-lint-faults.ts';
import { memberOf, narrowedTo, type Shape } from './policy-lint-shape.ts';

/** A value, and what it is recognised by where a type of it is proven. */
export interface Value {
  readonly shape: Shape;
  /** Equal for what is surely the same value. */
  readonly id?: string | undefined;
}

/** Types that a body proves, by the id of the value. */
export type Proven = ReadonlyMap<string, readonly string[]>;

export interface Scope {
  readonly module: Module;
  readonly vars: Map<string, Value>;
  readonly proven: Proven;
  /** Variables that have a value all the same where something failed, and what failed. */
  readonly unsure?: ReadonlyMap<string, Fault>;
}

/** What is left of a value once all is taken into account that its body proves. */
export function narrowed({ shape, id }: Value, { proven }: Scope): Value {
  const types = id === undefined ? undefined : proven.get(id);
  return { shape: types === undefined ? shape : narrowedTo(shape, types), id };
}

/** The kinds of line that a body has, told apart. */
export function kindOf({
  terms,
}: Expr):
  | { readonly call: readonly Term[] }
  | { readonly some: SomeIn }
  | { readonly every: Every }
  | { readonly term: Term } {
  if (Array.isArray(terms)) return { call: terms as readonly Term[] };
  if ('symbols' in terms) return { some: terms };
  if ('domain' in terms) return { every: terms };
  return { term: terms as Term };
}

/** The terms of a line, without those of bodies inside it. */
export function termsOf(expr: Expr): readonly Term[] {
  const kind = kindOf(expr);
  if ('call' in kind) return kind.call;
  if ('some' in kind) return kind.some.symbols;
  return 'every' in kind ? [kind.every.domain] : [kind.term];
}

/** A call, the name first, wherever it stands in a term; not those in bodies inside it. */
function callsIn(term: Term): readonly (readonly Term[])[] {
  if (term.type === 'call') return [term.value as readonly Term[], ...partsOf(term).flatMap(callsIn)];
  return partsOf(term).flatMap(callsIn);
}

/** The calls of a line, itself included where it is one. */
export function callsOf(expr: Expr): readonly (readonly Term[])[] {
  const kind = kindOf(expr);
  const inner = termsOf(expr).flatMap(callsIn);
  return 'call' in kind ? [kind.call, ...inner] : inner;
}

/** The comprehensions of a line: bodies of their own. */
export function comprehensionsOf(expr: Expr): readonly Comprehension[] {
  const within = (term: Term): readonly Comprehension[] =>
    term.type.endsWith('comprehension') ? [term.value as Comprehension] : partsOf(term).flatMap(within);
  return termsOf(expr).flatMap(within);
}

/** The terms that a term is made of, as far as all of them must be defined. */
export function partsOf({ type, value }: Term): readonly Term[] {
  if (type === 'object') return (value as readonly (readonly Term[])[]).flat();
  return ['array', 'set', 'call', 'ref'].includes(type) ? (value as readonly Term[]) : [];
}

/** The variables that a term reads; not those of bodies inside it. */
export function varsOf(term: Term): readonly string[] {
  return term.type === 'var' ? [String(term.value)] : partsOf(term).flatMap(varsOf);
}

/** Binds the variables of a pattern, such as `[first, _]`, to the parts of a value. */
export function bindPattern(
  pattern: Term,
  value: Value,
  vars: Map<string, Value>,
  fresh: (name: string) => string,
): void {
  if (pattern.type === 'var') {
    const name = String(pattern.value);
    vars.set(name, { shape: value.shape, id: value.id ?? fresh(name) });
  } else if (pattern.type === 'array') {
    for (const [index, part] of (pattern.value as readonly Term[]).entries()) {
      bindPattern(part, { shape: memberOf(value.shape, String(index)) }, vars, fresh);
    }
  } else if (pattern.type === 'object') {
    for (const [key, part] of pattern.value as readonly (readonly [Term, Term])[]) {
      bindPattern(part, { shape: memberOf(value.shape, keyOf(key)) }, vars, fresh);
    }
  }
}

/** The key that a term is for sure; undefined where it may be any. */
export function keyOf({ type, value }: Term): string | undefined {
  return type === 'string' || type === 'number' ? String(value) : undefined;
}
