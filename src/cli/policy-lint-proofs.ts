/** What types a body proves by what must hold in it. */
import { type Expr, nameOf, type Term } from './policy-lint-ast.ts';
import type { Builtin } from './policy-lint-builtins.ts';
import { type RuleIndex, resolveRule } from './policy-lint-rules.ts';
import { callsOf, kindOf, type Proven, type Scope, type Value } from './policy-lint-scope.ts';
import type { Values } from './policy-lint-values.ts';

export interface ProofsOptions {
  readonly values: Values;
  readonly rules: RuleIndex;
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** What a rule, or a call of a function, proves where it holds. */
  readonly ruleProofs: (path: string, args: readonly Value[]) => Proven;
}

const SCALARS = new Set(['null', 'boolean', 'number', 'string']);
const CHECK = /^is_(string|number|boolean|array|object|set|null)$/;

/**
 * The types that a body states: `is_string(x)`, `x == "a"`, or a rule that states one. The author has thought of another
 * type there.
 */
export function statedIn(body: readonly Expr[], scope: Scope, options: ProofsOptions): Proven {
  const proven = new Map<string, readonly string[]>();
  for (const expr of body) {
    if (expr.negated === true) continue;
    const kind = kindOf(expr);
    const ref = 'call' in kind ? kind.call[0] : 'term' in kind ? kind.term : undefined;
    const args = 'call' in kind ? kind.call.slice(1) : [];
    if (ref !== undefined) for (const [id, types] of statedBy(ref, args, scope, options)) proven.set(id, types);
  }
  return proven;
}

function statedBy(ref: Term, args: readonly Term[], scope: Scope, options: ProofsOptions): Proven {
  const parts = ref.type === 'ref' ? (ref.value as readonly Term[]) : [ref];
  const values = args.map((arg) => options.values.of(arg, scope));
  const rule = parts[0]?.type === 'var' ? resolveRule(parts, scope.module, options.rules) : undefined;
  if (rule !== undefined && rule.rest.length === 0) return options.ruleProofs(rule.path, values);
  const name = parts.map(({ value }) => String(value)).join('.');
  const type = CHECK.exec(name)?.[1];
  if (type !== undefined && values[0]?.id !== undefined) return new Map([[values[0].id, [type]]]);
  if (!['eq', 'equal', 'assign'].includes(name)) return new Map();
  return new Map(
    args.flatMap((arg, index): readonly (readonly [string, readonly string[]])[] => {
      const other = values[1 - index]?.id;
      return SCALARS.has(arg.type) && other !== undefined ? [[other, [arg.type]]] : [];
    }),
  );
}

/** The types that a body takes for granted: where a builtin answers at all, it was given what it takes. */
export function impliedIn(body: readonly Expr[], scope: Scope, { values, rules, builtins }: ProofsOptions): Proven {
  const calls = body.filter(({ negated }) => negated !== true).flatMap(callsOf);
  const entries = calls.flatMap(([name, ...args]) => {
    const ref = name?.value as readonly Term[];
    if (resolveRule(ref, scope.module, rules) !== undefined) return [];
    const takes = builtins.get(nameOf(name))?.takes ?? [];
    return args.flatMap((arg, index): readonly (readonly [string, readonly string[]])[] => {
      const { id } = values.of(arg, scope);
      const types = takes[index];
      return id === undefined || types === undefined ? [] : [[id, types]];
    });
  });
  return new Map(entries);
}
