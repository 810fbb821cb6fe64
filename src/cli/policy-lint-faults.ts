/** Where a line of Rego can be undefined because a builtin meets what it does not take. */
import { type Expr, type Location, type Module, nameOf, type Term, written } from './policy-lint-ast.ts';
import type { Builtin } from './policy-lint-builtins.ts';
import { type RuleIndex, resolveRule } from './policy-lint-rules.ts';
import { kindOf, partsOf, type Scope, type Value } from './policy-lint-scope.ts';
import type { Values } from './policy-lint-values.ts';

/** A call that is undefined for some requests, and why. */
export interface Fault {
  readonly builtin: string;
  /** The argument, as Rego writes it. */
  readonly argument: string;
  /** What the argument must be; undefined where its type fits and what it says may not. */
  readonly takes: readonly string[] | undefined;
  /** There is a value all the same: a collection that lacks a member, a number of them, the default `false`. */
  readonly isAnswered?: boolean;
  readonly module: Module;
  readonly location: Location | undefined;
}

export interface FaultsOptions {
  readonly values: Values;
  readonly rules: RuleIndex;
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** Why a rule, or a call of a function, can be undefined. */
  readonly ruleFault: (path: string, args: readonly Value[]) => Fault | undefined;
}

/** Builtins that fail for a value of the right type, and which arguments they read so closely. */
const CLOSE_READERS: ReadonlyMap<string, readonly number[]> = new Map([
  ['to_number', [0]],
  ['json.unmarshal', [0]],
  ['base64.decode', [0]],
  ['base64url.decode', [0]],
  ['net.cidr_contains', [0, 1]],
  ['net.cidr_intersects', [0, 1]],
  ['regex.match', [0]],
  ['regex.find_all_string_submatch_n', [0]],
]);

/** Finds faults in the terms that must be defined for a line to hold. Bodies inside it stand for themselves. */
export class Faults {
  readonly #options: FaultsOptions;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** The first fault of a line that is no `every`. */
  ofExpr(expr: Expr, scope: Scope): Fault | undefined {
    const kind = kindOf(expr);
    if ('call' in kind) return this.#ofCall(kind.call, scope);
    if ('every' in kind) return this.ofTerm(kind.every.domain, scope);
    return first('some' in kind ? kind.some.symbols : [kind.term], (term) => this.ofTerm(term, scope));
  }

  /** The first fault of a term. */
  ofTerm(term: Term, scope: Scope): Fault | undefined {
    if (term.type === 'call') return this.#ofCall(term.value as readonly Term[], scope);
    if (term.type !== 'ref' && term.type !== 'var') return first(partsOf(term), (part) => this.ofTerm(part, scope));
    const ref = term.type === 'var' ? [term] : (term.value as readonly Term[]);
    const inner =
      term.type === 'var'
        ? undefined
        : first(ref, (part) => (part.type === 'var' ? undefined : this.ofTerm(part, scope)));
    if (inner !== undefined || scope.vars.has(String(ref[0]?.value))) return inner;
    const rule = resolveRule(ref, scope.module, this.#options.rules);
    return rule && this.#options.ruleFault(rule.path, []);
  }

  #ofCall([name, ...args]: readonly Term[], scope: Scope): Fault | undefined {
    const inner = first(args, (arg) => this.ofTerm(arg, scope));
    if (inner !== undefined) return inner;
    const { values, rules, builtins, ruleFault } = this.#options;
    const ref = name?.value as readonly Term[];
    const given = args.map((arg) => values.of(arg, scope));
    const rule = resolveRule(ref, scope.module, rules);
    if (rule !== undefined) return ruleFault(rule.path, given);
    const builtin = nameOf(name);
    const { takes = [], isHosted = false } = builtins.get(builtin) ?? {};
    if (isHosted) return undefined;
    for (const [index, { shape }] of given.entries()) {
      const argument = args[index];
      const accepted = takes[index];
      if (argument === undefined) continue;
      const found = { builtin, argument: written(argument), module: scope.module, location: name?.location };
      if (accepted !== undefined && !shape.types?.every((type) => accepted.includes(type)))
        return { ...found, takes: accepted };
      const isRead = CLOSE_READERS.get(builtin)?.includes(index) || (index === 2 && isWideGlob(builtin, args));
      if (isRead && !shape.own) return { ...found, takes: undefined };
    }
    return undefined;
  }
}

/** A pattern that does not match a line end here, and does in OPA; and one that is not known. */
function isWideGlob(builtin: string, [pattern, delimiters]: readonly Term[]): boolean {
  if (builtin !== 'glob.match') return false;
  return pattern?.type !== 'string' || delimiters?.type === 'null' || String(pattern.value).includes('**');
}

function first<T>(items: readonly T[], find: (item: T) => Fault | undefined): Fault | undefined {
  for (const item of items) {
    const fault = find(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
