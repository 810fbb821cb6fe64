/** Which rules there are, and what a name in one of them stands for. */
import { fixedPath, type Module, type Rule, type Term } from './policy-lint-ast.ts';

/** One of the places that define a rule or a function. */
export interface Definition {
  readonly module: Module;
  readonly rule: Rule;
}

/** All definitions of each rule, by its path without `data`, such as `behalf.authz.granted`. */
export type RuleIndex = ReadonlyMap<string, readonly Definition[]>;

/** Lists the rules of all modules. */
export function indexRules(modules: readonly Module[]): RuleIndex {
  const all = modules.flatMap((module) => (module.rules ?? []).map((rule) => ({ module, rule })));
  return Map.groupBy(all, ({ module, rule }) => [...packageOf(module), ...fixedPath(rule.head.ref)].join('.'));
}

/** What a ref leads to: a rule, and what is read of its value. */
export interface Resolved {
  readonly path: string;
  readonly rest: readonly Term[];
}

/**
 * Finds the rule that a ref of a module leads to, through imports and the module's own package. Undefined where it leads
 * to none: to data, to a builtin, or to a variable.
 */
export function resolveRule(ref: readonly Term[], module: Module, rules: RuleIndex): Resolved | undefined {
  const whole = wholeRef(ref, module);
  const fixed = fixedPath(whole);
  for (let length = fixed.length; length > 0; length--) {
    const path = fixed.slice(0, length).join('.');
    if (rules.has(path)) return { path, rest: whole.slice(length) };
  }
  return undefined;
}

/** `data.behalf.lib.hop.asks` for `hop.asks` where that is imported, without `data`. */
function wholeRef([head, ...rest]: readonly Term[], module: Module): readonly Term[] {
  if (head === undefined || head.type !== 'var') return [];
  if (head.value === 'data') return rest;
  const imported = importedAs(String(head.value), module);
  if (imported !== undefined) return [...imported, ...rest];
  const local = [...packageOf(module), String(head.value)];
  return [...local.map((value) => ({ type: 'string', value })), ...rest];
}

function importedAs(name: string, { imports = [] }: Module): readonly Term[] | undefined {
  for (const { path, alias } of imports) {
    const [root, ...parts] = path.value as readonly Term[];
    if (root?.value === 'data' && (alias ?? String(parts.at(-1)?.value)) === name) return parts;
  }
  return undefined;
}

/** The parts of `input` that an import gives a name of its own; undefined where the name is none of those. */
export function importedInput(name: string, { imports = [] }: Module): readonly Term[] | undefined {
  for (const { path, alias } of imports) {
    const [root, ...parts] = path.value as readonly Term[];
    if (root?.value === 'input' && (alias ?? String((parts.at(-1) ?? root).value)) === name) return parts;
  }
  return undefined;
}

function packageOf(module: Module): readonly string[] {
  return module.package.path.slice(1).map(({ value }) => String(value));
}

/** Whether a rule makes a set or an object of what it finds, empty where it finds nothing. */
export function isPartial({ head: { ref, key } }: Rule): boolean {
  return key !== undefined || ref.some(({ type }, index) => index > 0 && type !== 'string');
}
