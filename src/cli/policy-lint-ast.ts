/** Rego as `opa parse --format json` writes it: the part that is read here. */

export interface Location {
  readonly row: number;
  readonly col: number;
}

/** A value or a place where one comes from; `value` depends on `type`. */
export interface Term {
  readonly type: string;
  readonly value: unknown;
  readonly location?: Location;
}

/** One line of a body: a term, a call (the name first), a `some … in`, or an `every`. */
export interface Expr {
  readonly terms: Term | readonly Term[] | SomeIn | Every;
  readonly negated?: boolean;
  readonly location?: Location;
}

export interface SomeIn {
  readonly symbols: readonly Term[];
}

export interface Every {
  readonly key?: Term | null;
  readonly value: Term;
  readonly domain: Term;
  readonly body: readonly Expr[];
}

export interface Comprehension {
  readonly term?: Term;
  readonly key?: Term;
  readonly value?: Term;
  readonly body: readonly Expr[];
}

export interface Rule {
  readonly head: {
    readonly ref: readonly Term[];
    readonly args?: readonly Term[];
    /** Of a set, or of an object. */
    readonly key?: Term;
    readonly value?: Term;
  };
  readonly body: readonly Expr[];
  readonly else?: Rule;
  readonly default?: boolean;
  readonly location?: Location;
}

export interface Module {
  /** As the author would type it. */
  readonly file: string;
  readonly package: { readonly path: readonly Term[] };
  readonly imports?: readonly { readonly path: Term; readonly alias?: string }[];
  readonly rules?: readonly Rule[];
}

/** `data`, `behalf`, `authz`: a ref as far as it is fixed. */
export function fixedPath(ref: readonly Term[]): readonly string[] {
  const end = ref.findIndex(({ type }, index) => index > 0 && type !== 'string');
  return (end === -1 ? ref : ref.slice(0, end)).map(({ value }) => String(value));
}

/** What a call calls, such as `regex.match`. */
export function nameOf(ref: Term | undefined): string {
  return ((ref?.value ?? []) as readonly Term[]).map(({ value }) => String(value)).join('.');
}

/** A term as Rego writes it, near enough to be recognised. */
export function written(term: Term): string {
  if (term.type === 'call') {
    const [name, ...args] = (term.value as readonly Term[]).map(written);
    return `${name}(${args.join(', ')})`;
  }
  if (term.type === 'var') return String(term.value);
  if (term.type !== 'ref')
    return typeof term.value === 'object' && term.value !== null ? `the ${term.type}` : JSON.stringify(term.value);
  const [head, ...rest] = term.value as readonly Term[];
  if (head === undefined) return '';
  const parts = rest.map((part) => {
    if (part.type === 'string' && /^[A-Za-z_]\w*$/.test(String(part.value))) return `.${String(part.value)}`;
    return `[${part.type === 'var' && String(part.value).startsWith('$') ? '_' : written(part)}]`;
  });
  return `${head.type === 'call' ? '(…)' : String(head.value)}${parts.join('')}`;
}
