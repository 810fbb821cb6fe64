import { refsIn } from './policy-explain-refs.ts';
import { type Expression, type Query, rulesIn, type Step } from './policy-explain-trace.ts';

/** Why a rule holds or does not: its conditions, and for each the rules that it asks. */
export interface Because {
  /** A condition as the author wrote it, or the name of a rule. */
  readonly text: string;
  readonly kind: 'rule' | 'condition';
  /** `file:line`. */
  readonly where: string;
  readonly holds: boolean;
  /** What a condition that does not hold read of the input; without a value where there is nothing. */
  readonly read?: readonly { readonly path: string; readonly value?: unknown }[];
  readonly because: readonly Because[];
}

export interface Explaining {
  /** The text of an expression, and its place as the author would type it. */
  readonly source: (step: Pick<Step, 'place' | 'expression'>) => string;
  readonly where: (place: Step['place']) => string;
  /** What the input has at a path; undefined where it has nothing. */
  readonly inputAt: (path: readonly string[]) => unknown;
  /** The path of the rule that a query is of, such as `behalf.authz.permitted`. */
  readonly nameOf: (query: Query) => string;
  /** The evaluations of rules that an expression rests on, also where OPA remembered them from an earlier one. */
  readonly askedBy: (expression: Expression) => readonly Query[];
}

/** Rules that ask rules: deeper than this, nobody reads on. */
const MAX_DEPTH = 8;

/** Why one evaluation of a rule came out as it did: all conditions where it holds, else those that did not. */
export function becauseOf(query: Query, explaining: Explaining, depth = 0): Because {
  const holds = query.exits > 0;
  const because = depth >= MAX_DEPTH ? [] : conditionsOf(query, holds, explaining, depth);
  return { text: explaining.nameOf(query), kind: 'rule', where: explaining.where(query.place), holds, because };
}

function conditionsOf(query: Query, holds: boolean, explaining: Explaining, depth: number): readonly Because[] {
  const steps = [...query.steps.values()];
  const told = steps.filter(({ expression, fails }) => (holds ? expression.generated !== true : fails > 0));
  const conditions = told.map((step): Because => {
    const read = holds ? [] : readBy(step.expression, explaining);
    return {
      text: explaining.source(step),
      kind: 'condition',
      where: explaining.where(step.place),
      holds,
      ...(read.length > 0 && { read }),
      because: deeper(step, holds, explaining, depth + 1),
    };
  });
  const isSame = (a: Because, b: Because): boolean => a.text === b.text && a.where === b.where;
  return conditions.filter((each, at) => conditions.findIndex((other) => isSame(each, other)) === at);
}

/** The rules that a condition asks, those that come nearest first. What is negated holds where they do not. */
function deeper(step: Step, holds: boolean, explaining: Explaining, depth: number): readonly Because[] {
  const isNegated = step.expression.negated === true;
  const wanted = holds !== isNegated;
  const own = isNegated ? step.queries.flatMap(rulesIn) : step.queries.filter(({ rule }) => rule !== undefined);
  const asked = own.length > 0 ? own : explaining.askedBy(step.expression);
  const rules = asked
    .filter(({ rule, exits }) => rule?.default !== true && exits > 0 === wanted)
    .sort((a, b) => b.steps.size - a.steps.size)
    .map((query) => becauseOf(query, explaining, depth));
  if (isNegated) return rules;
  const bodies = step.queries.filter(({ rule, exits }) => rule === undefined && exits > 0 === wanted);
  return [...rules, ...bodies.flatMap((body) => conditionsOf(body, wanted, explaining, depth))];
}

function readBy({ terms }: Expression, { inputAt }: Explaining): NonNullable<Because['read']> {
  const paths = refsIn(terms).filter(([first]) => first === 'input');
  return paths.map(([, ...rest]) => {
    const value = inputAt(rest);
    return { path: ['input', ...rest].join('.'), ...(value !== undefined && { value }) };
  });
}
