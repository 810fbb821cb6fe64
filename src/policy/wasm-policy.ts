import { Refusal } from '../refusals.ts';
import { type Fuel, fuelOf, type Instance, PAGE } from './instance.ts';
import type { Policy } from './policy.ts';

export interface PolicyParts {
  readonly revision: string;
  readonly entrypoint: string;
  /** The module's number for the entrypoint. */
  readonly id: number;
  /** Ticks for one evaluation. */
  readonly budget: number;
  /** An instance with its data set. */
  readonly instance: Instance;
  /** A fresh one. */
  readonly restart: () => Instance;
  /** What to say of a failure that is not a lack of fuel. */
  readonly refusalFor: (thrown: unknown) => Refusal;
}

/** A policy whose evaluations have a budget and do not see each other. */
export class WasmPolicy implements Policy {
  readonly revision: string;
  readonly entrypoint: string;
  readonly budget: number;
  readonly #parts: PolicyParts;
  #instance: Instance | undefined;
  #lastTicks = 0;

  constructor(parts: PolicyParts) {
    this.revision = parts.revision;
    this.entrypoint = parts.entrypoint;
    this.budget = parts.budget;
    this.#parts = parts;
    this.#instance = parts.instance;
  }

  get lastTicks(): number {
    return this.#lastTicks;
  }

  evaluate(input: string): unknown {
    return onlyResult(this.#run(input));
  }

  #run(input: string): unknown {
    this.#lastTicks = 0;
    let left: Fuel | undefined;
    try {
      this.#instance ??= this.#parts.restart();
      left = fuelOf(this.#instance);
      left.value = this.budget;
      return ask(this.#instance, input, this.#parts.id);
    } catch (thrown) {
      // A trap leaks some of the module's own stack: kept, an instance breaks for good after a few hundred (threats P06).
      this.#instance = undefined;
      if (left === undefined || left.value >= 0) throw this.#parts.refusalFor(thrown);
      throw new Refusal('policy_timeout', `it took more than the ${this.budget} ticks of policy.budget`);
    } finally {
      if (left !== undefined) this.#lastTicks = this.budget - left.value;
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * One evaluation by the ABI's fast path, as the SDK does it, but with the input written straight into the module's
 * memory and the result found without a loop in JavaScript. The heap begins behind the input, so it is reset each time.
 */
function ask({ mem, wasmInstance, dataAddr, dataHeapPtr }: Instance, input: string, entrypoint: number): unknown {
  const most = input.length * 3;
  const lacking = dataHeapPtr + most - mem.buffer.byteLength;
  if (lacking > 0) mem.grow(Math.ceil(lacking / PAGE));
  const { read, written } = encoder.encodeInto(input, new Uint8Array(mem.buffer, dataHeapPtr, most));
  if (read !== input.length) throw new RangeError('the input does not fit');
  const { opa_eval } = wasmInstance.exports as { readonly opa_eval: (...args: readonly number[]) => number };
  const start = opa_eval(0, entrypoint, dataAddr, dataHeapPtr, written, dataHeapPtr + written, 0);
  const memory = new Uint8Array(mem.buffer);
  return JSON.parse(decoder.decode(memory.subarray(start, memory.indexOf(0, start))));
}

/** A query for one rule has one result, or none where the rule is undefined. */
function onlyResult(results: unknown): unknown {
  if (!Array.isArray(results) || results.length > 1) {
    throw new Refusal('policy_result_invalid', 'the evaluation gave more than one result');
  }
  const [first] = results as [{ readonly result?: unknown }?];
  return first?.result;
}
