import { jsonSchema } from '../config/json-schema.ts';
import { inputSchema } from '../policy-suite/input-schema.ts';
import { type Expr, type Location, type Module, nameOf, type Term, written } from './policy-lint-ast.ts';
import { readBuiltins } from './policy-lint-builtins.ts';
import { divergencesIn } from './policy-lint-divergences.ts';
import { type Fault, Faults } from './policy-lint-faults.ts';
import type { Finding } from './policy-lint-finding.ts';
import { boundBy, negationIn, unsureIn } from './policy-lint-lacking.ts';
import { negatedFault, placeOf } from './policy-lint-messages.ts';
import { impliedIn, type ProofsOptions, statedIn } from './policy-lint-proofs.ts';
import { type Definition, indexRules, isPartial, type RuleIndex } from './policy-lint-rules.ts';
import {
  bindPattern,
  callsOf,
  comprehensionsOf,
  kindOf,
  type Proven,
  type Scope,
  type Value,
} from './policy-lint-scope.ts';
import { eitherOf, OWN, type Shape, shapeOfSchema } from './policy-lint-shape.ts';
import { Values } from './policy-lint-values.ts';

/**
 * Finds where Rego takes a builtin's failure for an answer. A builtin that meets a type that it does not take is
 * undefined, here as in OPA, and the `not` of undefined is true: `not startswith(input.request.body.json.name, "bad")`
 * holds for the name 1 (design §6; threats P03). Types are followed through variables, rules, functions and imports, and
 * what a body proves about them counts.
 */
export function lintRego(modules: readonly Module[]): readonly Finding[] {
  const linter = new Linter(modules);
  return linter.findings();
}

/** What is known of a rule, or of one call of a function. */
interface Judged {
  readonly shape: Shape;
  /** Why it can be undefined, or false, for a wrong type. */
  readonly fault: Fault | undefined;
  /** What holds of its arguments, and of input, where it does. */
  readonly proven: Proven;
}

const NOTHING: Judged = { shape: OWN, fault: undefined, proven: new Map() };
const COMPARISONS = new Set(['lt', 'lte', 'gt', 'gte']);

class Linter {
  readonly #rules: RuleIndex;
  readonly #values: Values;
  readonly #faults: Faults;
  readonly #proofs: ProofsOptions;
  readonly #judged = new Map<string, Judged>();
  readonly #found = new Map<string, Finding>();

  constructor(modules: readonly Module[]) {
    const [rules, builtins] = [indexRules(modules), readBuiltins()];
    const input = shapeOfSchema(jsonSchema(inputSchema));
    const ruleValue = (path: string, args: readonly Value[]): Shape => this.#judge(path, args).shape;
    const ruleFault = (path: string, args: readonly Value[]): Fault | undefined => this.#judge(path, args).fault;
    const ruleProofs = (path: string, args: readonly Value[]): Proven => this.#judge(path, args).proven;
    const values = new Values({ input, rules, builtins, ruleValue });
    this.#rules = rules;
    this.#values = values;
    this.#faults = new Faults({ values, rules, builtins, ruleFault });
    this.#proofs = { values, rules, builtins, ruleProofs };
  }

  findings(): readonly Finding[] {
    // A function is judged where it is called: only then are its arguments known.
    for (const [path, [definition]] of this.#rules) if (definition?.rule.head.args === undefined) this.#judge(path, []);
    return [...this.#found.values()].sort((a, b) => a.where.localeCompare(b.where, 'en', { numeric: true }));
  }

  #judge(path: string, args: readonly Value[]): Judged {
    const key = JSON.stringify([path, args]);
    const known = this.#judged.get(key);
    if (known !== undefined) return known;
    // OPA refuses recursion; until it has, this must end.
    this.#judged.set(key, NOTHING);
    const definitions = (this.#rules.get(path) ?? []).flatMap(withElse);
    const all = definitions.map((definition) => this.#judgeOne(definition, args));
    const holding = all.filter((_, index) => definitions[index]?.rule.default !== true);
    const fault = all.find((each) => each.fault !== undefined)?.fault;
    const hasDefault = definitions.some(({ rule }) => rule.default === true);
    const isHandled = definitions.some(({ rule }) => rule.default === true && rule.head.value?.value !== false);
    const judged: Judged = {
      shape: eitherOf(all.map(({ shape }) => shape)) ?? OWN,
      fault:
        isHandled || fault === undefined
          ? undefined
          : { ...fault, isAnswered: hasDefault || fault.isAnswered === true },
      proven: inAll(holding.map(({ proven }) => proven)),
    };
    this.#judged.set(key, judged);
    return judged;
  }

  #judgeOne({ module, rule }: Definition, args: readonly Value[]): Judged {
    const vars = new Map<string, Value>();
    for (const [index, pattern] of (rule.head.args ?? []).entries()) {
      bindPattern(
        pattern,
        args[index] ?? { shape: OWN },
        vars,
        (name) => `${name}#${module.file}#${rule.location?.row}`,
      );
    }
    const { scope, fault } = this.#body(rule.body, { module, vars, proven: new Map() });
    const { key, value } = rule.head;
    const made = [key, value].map((terms) => terms && this.#lineAndCalls({ terms, ...at(terms, rule) }, scope));
    const failing = fault ? { ...fault, isAnswered: false } : made.find((found) => found !== undefined);
    const isAnswered = isPartial(rule) || rule.default === true || failing?.isAnswered === true;
    return { shape: this.#given(rule, scope), fault: failing && { ...failing, isAnswered }, proven: scope.proven };
  }

  /** What a rule gives where its body holds. */
  #given({ head: { ref, key, value } }: Definition['rule'], scope: Scope): Shape {
    const said = value === undefined ? undefined : this.#values.of(value, scope).shape;
    if (key !== undefined && value === undefined) {
      const rest = this.#values.of(key, scope).shape;
      return { types: ['set'], own: rest.own, rest };
    }
    const shape = said ?? { types: ['boolean'], own: true };
    return key === undefined && ref.every(({ type }, index) => index === 0 || type === 'string')
      ? shape
      : { types: ['object'], own: shape.own, rest: shape };
  }

  /** Judges the lines of a body, and tells what is known behind them. */
  #body(body: readonly Expr[], outer: Scope): { readonly scope: Scope; readonly fault: Fault | undefined } {
    const bound = this.#values.within(body, outer);
    const stated = new Map([...outer.proven, ...statedIn(body, bound, this.#proofs)]);
    const unsure = new Map(outer.unsure);
    const scope = { ...bound, proven: stated, unsure };
    // What fails where it is not negated fails the body, so that behind a `not` its type is proven.
    const sure = { ...scope, proven: new Map([...impliedIn(body, scope, this.#proofs), ...stated]) };
    let fault: Fault | undefined;
    // What binds a variable comes first, wherever it stands: so it does in OPA.
    for (const expr of body.toSorted((a, b) => Number(boundBy(b).length > 0) - Number(boundBy(a).length > 0))) {
      const found = this.#line(expr, expr.negated === true ? sure : scope);
      this.#compared(expr, sure);
      this.#diverging(expr, body, scope);
      if (found?.isAnswered === true) for (const name of boundBy(expr)) unsure.set(name, found);
      if (expr.negated !== true) fault ??= found;
      else if (found !== undefined) this.#report(expr, found, scope.module);
    }
    return { scope, fault };
  }

  /** A term of a head: a line like any other. */
  #lineAndCalls(expr: Expr, scope: Scope): Fault | undefined {
    this.#compared(expr, scope);
    this.#diverging(expr, [], scope);
    return this.#line(expr, scope);
  }

  #line(expr: Expr, scope: Scope): Fault | undefined {
    const gathered = comprehensionsOf(expr).map(({ body }) => this.#body(body, scope).fault);
    const missing = gathered.find((found) => found !== undefined) ?? unsureIn(expr, scope);
    const kind = kindOf(expr);
    const fault = this.#faults.ofExpr(expr, scope) ?? (missing && { ...missing, isAnswered: true });
    // `count(denials) == 0` is a negation too: it holds where each of them failed.
    const held = expr.negated === true ? undefined : negationIn(expr, (term) => this.#lacking(term, scope));
    if (held !== undefined) this.#report(expr, held, scope.module);
    if (!('every' in kind)) return fault;
    const inner = { ...scope, vars: new Map(scope.vars) };
    this.#values.bindMember(kind.every, kind.every.domain, inner);
    return fault ?? this.#body(kind.every.body, inner).fault;
  }

  /** Why a term can lack something and be there all the same. */
  #lacking(term: Term, scope: Scope): Fault | undefined {
    const expr = { terms: term };
    const fault = this.#faults.ofTerm(term, scope);
    if (fault !== undefined) return fault.isAnswered === true ? fault : undefined;
    const gathered = comprehensionsOf(expr).map(({ body }) => this.#body(body, scope).fault);
    return gathered.find((found) => found !== undefined) ?? unsureIn(expr, scope);
  }

  /** Rego orders values of different types: null and false are less than every number, and every text is more. */
  #compared(expr: Expr, scope: Scope): void {
    for (const [name, ...args] of callsOf(expr)) {
      if (!COMPARISONS.has(nameOf(name))) continue;
      const untyped = args.find((arg) => (this.#values.of(arg, scope).shape.types ?? ['one', 'other']).length > 1);
      if (untyped === undefined) continue;
      const text = written(untyped);
      const message = `${text} can be of any type, and values of different types compare too: null is less than every number, a text more. Add is_number(${text}) or is_string(${text}) to this body.`;
      this.#add({
        where: placeOf(scope.module, expr.location),
        severity: 'warning',
        rule: 'untyped-comparison',
        message,
      });
    }
  }

  #diverging(expr: Expr, body: readonly Expr[], scope: Scope): void {
    const isOwn = (term: Term): boolean => this.#values.of(term, scope).shape.own;
    const where = placeOf(scope.module, expr.location);
    for (const found of divergencesIn(expr, { isOwn, body })) this.#add({ where, rule: 'divergence', ...found });
  }

  #report({ location }: Expr, fault: Fault, module: Module): void {
    this.#add({ where: placeOf(module, location), ...negatedFault(fault, { module, location }) });
  }

  #add(finding: Finding): void {
    this.#found.set(`${finding.where} ${finding.rule}`, finding);
  }
}

function at(term: Term, { location }: Definition['rule']): { readonly location?: Location } {
  const place = term.location ?? location;
  return place === undefined ? {} : { location: place };
}

function withElse(definition: Definition): readonly Definition[] {
  const { module, rule } = definition;
  return rule.else === undefined
    ? [definition]
    : [definition, ...withElse({ module, rule: { ...rule.else, head: { ...rule.head, ...rule.else.head } } })];
}

/** What all of them prove. */
function inAll(proofs: readonly Proven[]): Proven {
  const [one = new Map<string, readonly string[]>(), ...others] = proofs;
  return new Map(
    [...one]
      .filter(([id]) => others.every((other) => other.has(id)))
      .map(([id, types]) => [id, [...new Set([...types, ...others.flatMap((other) => other.get(id) ?? [])])]] as const),
  );
}
