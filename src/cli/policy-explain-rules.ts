import { refsIn } from './policy-explain-refs.ts';
import { type Expression, type Query, rulesIn } from './policy-explain-trace.ts';

/** The rules of one evaluation, by the paths that they were asked by: a rule itself knows only its own name. */
export class EvaluatedRules {
  readonly #queries = new Map<string, Query[]>();
  readonly #names = new Map<Query, string>();
  /** By the expression that asked: OPA evaluates the same call once, and remembers what it said. */
  readonly #asked = new Map<string, readonly Query[]>();

  constructor(root: Query | undefined) {
    if (root !== undefined) this.#visit(root);
  }

  #visit({ steps }: Query): void {
    for (const { expression, queries } of steps.values()) {
      const refs = refsIn(expression.terms).filter(([first]) => first === 'data');
      const asked = queries.flatMap(rulesIn);
      if (asked.length > 0) this.#asked.set(JSON.stringify(expression.terms), asked);
      for (const query of queries) {
        if (query.rule !== undefined) this.#add(query, refs);
        this.#visit(query);
      }
    }
  }

  #add(query: Query, refs: readonly (readonly string[])[]): void {
    const own = query.rule?.head.ref?.map(({ value }) => String(value)) ?? [];
    const name = own[0] ?? query.rule?.head.name ?? '';
    const ref = refs.find((path) => path.includes(name)) ?? [name];
    const path = ref.slice(0, ref.lastIndexOf(name) + 1).join('.');
    this.#names.set(query, path.replace(/^data\./, ''));
    this.#queries.set(path, [...(this.#queries.get(path) ?? []), query]);
  }

  /** The path of the rule that a query is of, such as `behalf.authz.permitted`. */
  nameOf(query: Query): string {
    return this.#names.get(query) ?? '';
  }

  /** What an expression asked, or an equal one before it. A function is evaluated for each of its arguments apart. */
  askedBy({ terms }: Expression): readonly Query[] {
    const asked = this.#asked.get(JSON.stringify(terms));
    if (asked !== undefined) return asked;
    return refsIn(terms)
      .flatMap((ref) => this.evaluationsOf(ref))
      .filter(({ rule }) => rule?.head.args === undefined);
  }

  /** Every evaluation of the rule that a reference leads to, or leads into. */
  evaluationsOf(ref: readonly string[]): readonly Query[] {
    for (let length = ref.length; length > 1; length--) {
      const found = this.#queries.get(ref.slice(0, length).join('.'));
      if (found !== undefined) return found;
    }
    return [];
  }

  all(): readonly Query[] {
    return [...this.#names.keys()];
  }
}
