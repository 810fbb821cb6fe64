/** What the terms of Rego can be, before anything is evaluated. */
import { type Comprehension, type Expr, nameOf, type Term } from './policy-lint-ast.ts';
import type { Builtin } from './policy-lint-builtins.ts';
import { importedInput, type RuleIndex, resolveRule } from './policy-lint-rules.ts';
import { bindPattern, keyOf, kindOf, narrowed, type Scope, type Value } from './policy-lint-scope.ts';
import { ANY, eitherOf, memberOf, OWN, type Shape } from './policy-lint-shape.ts';

export interface ValuesOptions {
  /** What `input` is. */
  readonly input: Shape;
  readonly rules: RuleIndex;
  readonly builtins: ReadonlyMap<string, Builtin>;
  /** What a rule, or a call of a function, gives. */
  readonly ruleValue: (path: string, args: readonly Value[]) => Shape;
}

/** Works out the shapes of terms, and of the variables that a body binds. */
export class Values {
  readonly #options: ValuesOptions;
  #named = 0;

  constructor(options: ValuesOptions) {
    this.#options = options;
  }

  /** What a term can be, as far as its body proves. */
  of(term: Term, scope: Scope): Value {
    switch (term.type) {
      case 'var':
      case 'ref':
        return this.#ofRef(term.type === 'var' ? [term] : (term.value as readonly Term[]), scope);
      case 'call':
        return { shape: this.#ofCall(term.value as readonly Term[], scope) };
      case 'array':
      case 'set':
      case 'object':
        return { shape: this.#ofLiteral(term, scope) };
      case 'arraycomprehension':
      case 'setcomprehension':
      case 'objectcomprehension':
        return { shape: this.#ofComprehension(term, scope) };
      case 'templatestring':
        return { shape: { types: ['string'], own: false } };
      default:
        // A scalar has its type for a name; that of `null` comes without a value.
        return { shape: { types: [term.type], own: true } };
    }
  }

  /** The scope of a body inside another one, with the variables that it binds. */
  within(body: readonly Expr[], outer: Scope): Scope {
    const scope = { ...outer, vars: new Map(outer.vars) };
    for (const expr of body) this.#bind(expr, scope);
    return scope;
  }

  /** Binds the parts of what an `every` goes through. */
  bindMember(names: { readonly key?: Term | null | undefined; readonly value: Term }, of: Term, scope: Scope): void {
    const { shape } = this.of(of, scope);
    const bind = (pattern: Term, value: Shape): void => bindPattern(pattern, { shape: value }, scope.vars, this.#fresh);
    if (names.key) bind(names.key, OWN);
    bind(names.value, memberOf(shape, undefined));
  }

  readonly #fresh = (name: string): string => {
    this.#named += 1;
    return `${name}#${this.#named}`;
  };

  #bind(expr: Expr, scope: Scope): void {
    if (expr.negated === true) return;
    const kind = kindOf(expr);
    if ('some' in kind) {
      const [call] = kind.some.symbols;
      if (call?.type !== 'call') return;
      const [, ...args] = call.value as readonly Term[];
      const [of, value, key] = args.toReversed();
      if (of !== undefined && value !== undefined) this.bindMember({ key, value }, of, scope);
    } else if ('call' in kind) {
      const [name, left, right] = kind.call;
      const operator = nameOf(name);
      if (left === undefined || right === undefined || !['assign', 'eq'].includes(operator)) return;
      if (operator === 'assign') bindPattern(left, this.of(right, scope), scope.vars, this.#fresh);
      else if (!this.#isKnown(left, scope)) this.#unify(left, right, scope);
      else if (!this.#isKnown(right, scope)) this.#unify(right, left, scope);
    }
  }

  /** Of a pattern, `=` binds what has no value yet. */
  #unify(pattern: Term, of: Term, scope: Scope): void {
    const bound = new Map<string, Value>();
    bindPattern(pattern, this.of(of, scope), bound, this.#fresh);
    for (const [value, held] of bound) if (!this.#isKnown({ type: 'var', value }, scope)) scope.vars.set(value, held);
  }

  /** `=` binds what has no value yet, and compares the rest. */
  #isKnown({ type, value }: Term, { vars, module }: Scope): boolean {
    if (type === 'array' || type === 'object') return false;
    if (type !== 'var') return true;
    const isRule = resolveRule([{ type, value }], module, this.#options.rules) !== undefined;
    return vars.has(String(value)) || isRule || value === 'input';
  }

  #ofRef([head, ...parts]: readonly Term[], scope: Scope): Value {
    if (head === undefined) return { shape: OWN };
    const { base, rest } = this.#start(head, parts, scope);
    return rest.reduce((value: Value, part) => {
      const shape = memberOf(value.shape, keyOf(part));
      const key =
        part.type === 'var' ? (scope.vars.get(String(part.value))?.id ?? part.value) : JSON.stringify(part.value);
      return narrowed({ shape, id: value.id === undefined ? undefined : `${value.id}[${String(key)}]` }, scope);
    }, base);
  }

  /** Where a ref begins, and what is left of it from there. */
  #start(head: Term, parts: readonly Term[], scope: Scope): { readonly base: Value; readonly rest: readonly Term[] } {
    const { module, vars } = scope;
    const { input, rules, ruleValue } = this.#options;
    if (head.type !== 'var') return { base: this.of(head, scope), rest: parts };
    const bound = vars.get(String(head.value));
    if (bound !== undefined) return { base: narrowed(bound, scope), rest: parts };
    const renamed = head.value === 'input' ? [] : importedInput(String(head.value), module);
    if (renamed !== undefined)
      return { base: narrowed({ shape: input, id: 'input' }, scope), rest: [...renamed, ...parts] };
    const rule = resolveRule([head, ...parts], module, rules);
    if (rule === undefined) return { base: { shape: OWN }, rest: parts };
    return { base: narrowed({ shape: ruleValue(rule.path, []), id: `data.${rule.path}` }, scope), rest: rule.rest };
  }

  #ofCall([name, ...args]: readonly Term[], scope: Scope): Shape {
    const values = args.map((arg) => this.of(arg, scope));
    const ref = name?.value as readonly Term[];
    const rule = resolveRule(ref, scope.module, this.#options.rules);
    if (rule !== undefined) return this.#options.ruleValue(rule.path, values);
    const builtin = nameOf(name);
    const [first, , fallback] = values.map(({ shape }) => shape);
    if (builtin === 'object.get' && first !== undefined && fallback !== undefined) {
      return eitherOf([this.#got(first, args[1]), fallback]) ?? ANY;
    }
    const own = values.every(({ shape }) => shape.own);
    const gives = this.#options.builtins.get(builtin)?.gives ?? ANY;
    // What a builtin makes of the author's own values is the author's own.
    if (gives.types === undefined) return own ? OWN : ANY;
    return { ...gives, own };
  }

  /** `object.get` takes one key, or a path of them. */
  #got(shape: Shape, key: Term | undefined): Shape {
    if (key?.type !== 'array') return memberOf(shape, key && keyOf(key));
    return (key.value as readonly Term[]).reduce((inner, part) => memberOf(inner, keyOf(part)), shape);
  }

  #ofLiteral({ type, value }: Term, scope: Scope): Shape {
    const entries =
      type === 'object'
        ? (value as readonly (readonly [Term, Term])[]).map(
            ([key, part]) => [keyOf(key), this.of(part, scope).shape] as const,
          )
        : (value as readonly Term[]).map(
            (part, index) => [type === 'set' ? undefined : String(index), this.of(part, scope).shape] as const,
          );
    const members: Record<string, Shape> = {};
    for (const [key, shape] of entries) if (key !== undefined) members[key] = shape;
    const rest = eitherOf(entries.filter(([key]) => key === undefined).map(([, shape]) => shape));
    return { types: [type], own: entries.every(([, { own }]) => own), members, ...(rest !== undefined && { rest }) };
  }

  #ofComprehension({ type, value }: Term, outer: Scope): Shape {
    const { term, value: member, body } = value as Comprehension;
    const scope = this.within(body, outer);
    const element = term ?? member;
    const rest = element === undefined ? OWN : this.of(element, scope).shape;
    return { types: [type.replace('comprehension', '')], own: rest.own, rest };
  }
}
