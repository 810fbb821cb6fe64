import { Costly, type HostBuiltins } from './builtin.ts';
import { isArray } from './is-array.ts';
import { operand } from './operand.ts';
import { RegoObject, RegoSet, type RegoValue } from './value.ts';

/** Paths through a graph double with each diamond: as many steps as are taken for one call. */
const MAX_STEPS = 10_000;
/** Each step looks at the whole path. */
const STEP_TICKS = 300;

/** `graph.reachable_paths`: `graph.reachable` is compiled into the module. */
export const GRAPHS: HostBuiltins = {
  'graph.reachable_paths': (graph, initial) => new PathFinder(operand.object(graph)).from(operand.members(initial)),
};

class PathFinder {
  readonly #graph: RegoObject;
  readonly #paths: RegoValue[] = [];
  #steps = 0;

  constructor(graph: RegoObject) {
    this.#graph = graph;
  }

  from(initial: readonly RegoValue[]): Costly {
    for (const node of initial) {
      const edges = this.#graph.get(node);
      if (edges === undefined) continue;
      const neighbours = neighboursOf(edges);
      if (neighbours.length === 0) this.#paths.push([node]);
      for (const neighbour of neighbours) this.#walk(neighbour, [node]);
    }
    return new Costly(new RegoSet(this.#paths), this.#steps * STEP_TICKS);
  }

  /** A path ends where it leaves the graph, where no edge goes on, and where it would come back to itself. */
  #walk(node: RegoValue, before: readonly RegoValue[]): void {
    if (++this.#steps > MAX_STEPS) throw new RangeError('there are too many paths');
    const edges = this.#graph.get(node);
    if (edges === undefined) {
      this.#paths.push(before);
      return;
    }
    const path = [...before, node];
    const neighbours = neighboursOf(edges);
    if (neighbours.length === 0) this.#paths.push(path);
    const passed = new RegoSet(path);
    for (const neighbour of neighbours) {
      if (passed.has(neighbour)) this.#paths.push(path);
      else this.#walk(neighbour, path);
    }
  }
}

/** What is neither an array nor a set leads nowhere. */
function neighboursOf(edges: RegoValue): readonly RegoValue[] {
  return isArray(edges) || edges instanceof RegoSet ? operand.members(edges) : [];
}
