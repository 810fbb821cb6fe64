import { FUEL } from '../meter.ts';
import { answer } from './answer.ts';
import type { HostBuiltins } from './builtin.ts';

/** The exports of a module that the host calls. */
interface Exports {
  readonly [FUEL]: { value: number };
  builtins(): number;
  opa_json_dump(address: number): number;
  opa_malloc(size: number): number;
  opa_value_dump(address: number): number;
  opa_value_parse(address: number, size: number): number;
}

/** In pages of 64 KiB. */
interface Limits {
  readonly initial: number;
  readonly maximum: number;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Linked {
  readonly instance: { readonly exports: object };
  readonly memory: Memory;
}

/** A module gave up by itself. What it says names a place in the policy, or what it lacks. */
export class Abort extends Error {}

/** A builtin failed, or was given what it does not take. */
export class BuiltinFailure extends Error {
  readonly builtin: string;

  constructor(builtin: string, cause: unknown) {
    super(`${builtin} failed`, { cause });
    this.builtin = builtin;
  }
}

/**
 * Makes an instance of a module whose builtins are ours alone. The SDK's own way of doing so lets its builtins win over
 * those that it is given, and hands operands over as JSON, in which a set is an array.
 * @param within the memory of a former instance, or how large a new one may be
 * @see https://www.openpolicyagent.org/docs/wasm#abi
 */
export function link(module: object, within: Limits | Memory, builtins: HostBuiltins): Linked {
  const memory = 'buffer' in within ? within : new WebAssembly.Memory(within);
  const host = new Host(memory, builtins);
  const call = (id: number, _context: number, ...operands: readonly number[]): number => host.call(id, operands);
  const instance = new WebAssembly.Instance(module, {
    env: {
      memory,
      opa_abort: (address: number) => {
        throw new Abort(host.textAt(address));
      },
      // What it prints, it prints to find faults of its own.
      opa_println: () => {},
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    },
  });
  host.attach(instance.exports as unknown as Exports);
  return { instance, memory };
}

/** Fatal: a text that is not Unicode would become another one. */
const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

class Host {
  readonly #memory: Memory;
  readonly #builtins: HostBuiltins;
  #exports: Exports | undefined;
  #names: ReadonlyMap<number, string> = new Map();

  constructor(memory: Memory, builtins: HostBuiltins) {
    this.#memory = memory;
    this.#builtins = builtins;
  }

  attach(exports: Exports): void {
    this.#exports = exports;
    const ids = JSON.parse(this.textAt(exports.opa_json_dump(exports.builtins()))) as Record<string, number>;
    this.#names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  }

  /** @returns the address of the result, or 0 where the builtin says nothing */
  call(id: number, operands: readonly number[]): number {
    const exports = this.#exports as Exports;
    const name = this.#names.get(id) ?? `number ${id}`;
    const addresses = operands.map((operand) => exports.opa_value_dump(operand));
    let result: string | undefined;
    try {
      result = this.#answer(name, addresses);
    } catch (cause) {
      throw new BuiltinFailure(name, cause);
    }
    return result === undefined ? 0 : this.#store(exports, result);
  }

  #answer(name: string, addresses: readonly number[]): string | undefined {
    const builtin = Object.hasOwn(this.#builtins, name) ? this.#builtins[name] : undefined;
    if (builtin === undefined) throw new TypeError('it does not exist here');
    const texts = addresses.map((address) => this.textAt(address));
    return answer(builtin, texts, (ticks) => this.#spend(ticks));
  }

  /** Takes ticks as the module does: below zero, the evaluation is over. */
  #spend(ticks: number): void {
    const fuel = (this.#exports as Exports)[FUEL];
    fuel.value = Math.max(-1, fuel.value - Math.ceil(ticks));
    if (fuel.value < 0) throw new RangeError('no ticks are left');
  }

  #store(exports: Exports, text: string): number {
    const bytes = encoder.encode(text);
    const address = exports.opa_malloc(bytes.length);
    new Uint8Array(this.#memory.buffer).set(bytes, address);
    const value = exports.opa_value_parse(address, bytes.length);
    if (value === 0) throw new Abort('the result of a builtin could not be read');
    return value;
  }

  textAt(address: number): string {
    const memory = new Uint8Array(this.#memory.buffer);
    return decoder.decode(memory.subarray(address, memory.indexOf(0, address)));
  }
}

/** Neither Node's types nor the ES library declare it. */
declare const WebAssembly: {
  readonly Memory: new (limits: Limits) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};
