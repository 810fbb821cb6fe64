/** One event of `opa eval --explain full --format json`. */
export interface TraceEvent {
  readonly Op: string;
  /** A rule, a body (a list of expressions), or one expression. */
  readonly Node: unknown;
  readonly Location: Place;
  readonly QueryID: number;
  readonly ParentID: number;
}

export interface Place {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/** One evaluation of a rule, or of a body inside one (`not`, `every`, a comprehension). */
export interface Query {
  readonly place: Place;
  /** The rule, without its other branches; undefined for a body. */
  readonly rule: RuleNode | undefined;
  /** How often it held. */
  exits: number;
  /** Its expressions in the order in which they were first evaluated. */
  readonly steps: Map<string, Step>;
}

export interface Step {
  readonly place: Place;
  readonly expression: Expression;
  /** How often it did not hold. */
  fails: number;
  readonly queries: Query[];
}

export interface RuleNode {
  readonly head: { readonly name?: string; readonly ref?: readonly Term[]; readonly args?: readonly Term[] };
  readonly body: unknown;
  readonly default?: boolean;
}

export interface Expression {
  readonly index: number;
  readonly negated?: boolean;
  /** Made by the compiler, as a part of one that the author wrote. */
  readonly generated?: boolean;
  readonly terms: unknown;
}

export interface Term {
  readonly type: string;
  readonly value: unknown;
}

/**
 * Puts the events of one evaluation in order: each query with its expressions, each expression with the queries that it
 * led to.
 * @returns the query that was asked
 */
export function readTrace(events: readonly TraceEvent[]): Query | undefined {
  const queries = new Map<number, Query>();
  const current = new Map<number, Step>();
  for (const { Op, Node, Location: place, QueryID: id, ParentID: parent } of events) {
    if (Op === 'Enter') {
      const query = { place, rule: isRule(Node) ? withoutBranches(Node) : undefined, exits: 0, steps: new Map() };
      queries.set(id, query);
      if (id !== parent) current.get(parent)?.queries.push(query);
      continue;
    }
    const query = queries.get(id);
    if (query === undefined) continue;
    if (Op === 'Exit') query.exits += 1;
    if (!isExpression(Node)) continue;
    const step = stepOf(query, Node, place);
    current.set(id, step);
    if (Op === 'Fail') step.fails += 1;
  }
  return queries.get(0);
}

/** The rules that are asked for right away by a query, or by a body that it is. */
export function rulesIn(query: Query): readonly Query[] {
  if (query.rule !== undefined) return [query];
  return [...query.steps.values()].flatMap(({ queries }) => queries.flatMap(rulesIn));
}

function stepOf({ steps }: Query, expression: Expression, place: Place): Step {
  const key = `${expression.index} ${place.row} ${place.col}`;
  const step = steps.get(key) ?? { place, expression, fails: 0, queries: [] };
  steps.set(key, step);
  return step;
}

/** A rule holds all its `else` branches, and each is a query of its own. */
function withoutBranches({ head, body, default: isDefault = false }: RuleNode): RuleNode {
  return { head, body, default: isDefault };
}

function isRule(node: unknown): node is RuleNode {
  return typeof node === 'object' && node !== null && 'head' in node;
}

function isExpression(node: unknown): node is Expression {
  return typeof node === 'object' && node !== null && 'terms' in node;
}
