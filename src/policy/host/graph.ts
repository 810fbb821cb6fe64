import type { HostBuiltins, Spend } from './builtin.ts';
import { isArray } from './is-array.ts';
import { operand } from './operand.ts';
import { keyOf, RegoObject, RegoSet, type RegoValue } from './value.ts';
import { weigh } from './weigh.ts';

/** Ticks for a step, which looks two nodes up; and for each node of a path that is copied. */
const STEP_TICKS = 300;
const NODE_TICKS = 2;
/** A path is made into a key, each of its characters at least once. */
const KEY_TICKS = 20;

/** `graph.reachable_paths`: `graph.reachable` is compiled into the module. */
export const GRAPHS: HostBuiltins = {
  'graph.reachable_paths': ([graph, initial], spend) =>
    new PathFinder(operand.object(graph), spend).from(operand.members(initial)),
};

/** Paths through a graph double with each diamond: each step is paid for before it is taken. */
class PathFinder {
  readonly #graph: RegoObject;
  readonly #spend: Spend;
  readonly #paths: RegoValue[] = [];

  constructor(graph: RegoObject, spend: Spend) {
    this.#graph = graph;
    this.#spend = spend;
  }

  from(initial: readonly RegoValue[]): RegoSet {
    for (const node of initial) {
      weigh(node, this.#spend);
      const edges = this.#graph.get(node);
      if (edges === undefined) continue;
      const neighbours = this.#neighboursOf(edges);
      if (neighbours.length === 0) this.#found([node]);
      for (const neighbour of neighbours) this.#walk(neighbour, [node], new Set([keyOf(node)]));
    }
    return new RegoSet(this.#paths);
  }

  /**
   * A path ends where it leaves the graph, where no edge goes on, and where it would come back to itself.
   * @param passed the keys of what is on the path already, by which it is known again
   */
  #walk(node: RegoValue, before: readonly RegoValue[], passed: Set<string>): void {
    this.#spend(STEP_TICKS + before.length * NODE_TICKS);
    weigh(node, this.#spend);
    const edges = this.#graph.get(node);
    if (edges === undefined) return this.#found(before);
    const path = [...before, node];
    const neighbours = this.#neighboursOf(edges);
    if (neighbours.length === 0) this.#found(path);
    passed.add(keyOf(node));
    for (const neighbour of neighbours) {
      weigh(neighbour, this.#spend);
      if (passed.has(keyOf(neighbour))) this.#found(path);
      else this.#walk(neighbour, path, passed);
    }
    passed.delete(keyOf(node));
  }

  #found(path: readonly RegoValue[]): void {
    this.#spend(path.length * KEY_TICKS);
    weigh(path, this.#spend);
    this.#paths.push(path);
  }

  /** What is neither an array nor a set leads nowhere. */
  #neighboursOf(edges: RegoValue): readonly RegoValue[] {
    if (isArray(edges)) return edges;
    if (!(edges instanceof RegoSet)) return [];
    this.#spend(edges.size * NODE_TICKS);
    return operand.members(edges);
  }
}
