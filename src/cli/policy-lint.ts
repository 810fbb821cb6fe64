import { jsonSchema } from '../config/json-schema.ts';
import { inputSchema } from '../policy-suite/input-schema.ts';
import { type Expr, type Location, type Module, nameOf, written } from './policy-lint-ast.ts';
import { readBuiltins } from './policy-lint-builtins.ts';
import { type Fault, Faults } from './policy-lint-faults.ts';
import type { Finding } from './policy-lint-finding.ts';
import { impliedIn, type ProofsOptions, statedIn } from './policy-lint-proofs.ts';
import { type Definition, indexRules, type RuleIndex } from './policy-lint-rules.ts';
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
    const isHandled = definitions.some(({ rule }) => rule.default === true && rule.head.value?.value !== false);
    const judged: Judged = {
      shape: eitherOf(all.map(({ shape }) => shape)) ?? OWN,
      fault: isHandled ? undefined : all.find(({ fault }) => fault !== undefined)?.fault,
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
    return { shape: this.#given(rule, scope), fault, proven: scope.proven };
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
    const scope = { ...bound, proven: stated };
    // What fails where it is not negated fails the body, so that behind a `not` its type is proven.
    const sure = { ...bound, proven: new Map([...impliedIn(body, scope, this.#proofs), ...stated]) };
    let fault: Fault | undefined;
    for (const expr of body) {
      const found = this.#line(expr, expr.negated === true ? sure : scope);
      this.#compared(expr, sure);
      if (expr.negated !== true) fault ??= found;
      else if (found !== undefined) this.#report(expr, found, scope.module);
    }
    return { scope, fault };
  }

  #line(expr: Expr, scope: Scope): Fault | undefined {
    const gathered = comprehensionsOf(expr).map(({ body }) => this.#body(body, scope).fault);
    const kind = kindOf(expr);
    const fault = this.#faults.ofExpr(expr, scope);
    // `count(denials) == 0` is a negation too: it holds where each of them failed.
    const missing = fault ?? gathered.find((found) => found !== undefined);
    if (missing !== undefined && expr.negated !== true && isEmptiness(expr)) this.#report(expr, missing, scope.module);
    if (!('every' in kind)) return fault;
    const inner = { ...scope, vars: new Map(scope.vars) };
    this.#values.bindMember(kind.every, kind.every.domain, inner);
    return fault ?? this.#body(kind.every.body, inner).fault;
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

  #report({ location }: Expr, { builtin, argument, takes, module: there, location: at }: Fault, module: Module): void {
    const where = placeOf(module, location);
    const called = there === module && at?.row === location?.row ? builtin : `${builtin} (${placeOf(there, at)})`;
    if (takes === undefined) {
      const message = `${called} is undefined where it cannot read ${argument}, and then this negation is true. Say what must hold instead of what must not.`;
      this.#add({ where, severity: 'warning', rule: 'negated-failure', message });
      return;
    }
    // Only of what has a name can a type be proven.
    const name = argument.includes('(') ? 'value' : argument;
    const named = name === argument ? '' : `Name it, value := ${argument}. `;
    const proof = takes.map((type) => `is_${type}(${name})`).join(' or ');
    const message = `${called} needs ${takes.join(' or ')}, and ${argument} can be something else: then it is undefined, and this negation true. ${named}Add ${proof} to the body that calls it, or say what must hold instead of what must not.`;
    this.#add({ where, severity: 'error', rule: 'negated-builtin', message });
  }

  #add(finding: Finding): void {
    this.#found.set(`${finding.where} ${finding.rule}`, finding);
  }
}

/** `count(x) == 0`, `count(x) < 1`. */
function isEmptiness(expr: Expr): boolean {
  const kind = kindOf(expr);
  if (!('call' in kind) || kind.call.length !== 3) return false;
  const counted = kind.call.slice(1).some((arg) => callsOf({ terms: arg }).some(([name]) => nameOf(name) === 'count'));
  return counted && ['equal', 'lt', 'lte'].includes(nameOf(kind.call[0]));
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

function placeOf({ file }: Module, location: Location | undefined): string {
  return location === undefined ? file : `${file}:${location.row}:${location.col}`;
}
