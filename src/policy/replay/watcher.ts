import type { Bundle } from '../bundle.ts';
import { HOST_BUILTINS } from '../host/host-builtins.ts';
import { link } from '../host/link.ts';
import { FUEL, meter } from '../meter.ts';
import type { Question } from './unknown-parts.ts';
import { SLOTS, VALUE_BYTES, WATCH, watchModule } from './watch-module.ts';

/** Says which unknown parts of a question a policy reads. */
export interface Watcher {
  /**
   * @param budget ticks that the policy itself may take
   * @returns pointers; all of them where that cannot be told
   */
  readsOf(question: Question, budget: number): readonly string[];
}

interface Exports extends Record<string, unknown> {
  opa_malloc(size: number): number;
  opa_value_parse(address: number, length: number): number;
  opa_json_dump(value: number): number;
  opa_json_parse(address: number, length: number): number;
  opa_heap_ptr_get(): number;
  opa_heap_ptr_set(address: number): void;
  opa_eval_ctx_new(): number;
  opa_eval_ctx_set_input(context: number, value: number): void;
  opa_eval_ctx_set_data(context: number, value: number): void;
  opa_eval_ctx_set_entrypoint(context: number, entrypoint: number): void;
  opa_eval_ctx_get_result(context: number): number;
  eval(context: number): number;
  entrypoints(): number;
}

const PAGE = 64 * 1024;
const MAX_PAGES = 1024;
const SPARE_PAGES = 16;
/** Watching makes a call of every load: a step of the policy takes so many times the ticks. */
const WATCHED_COST = 50;
const MOST_TICKS = 2 ** 31 - 1;
/** An OPA value of type string, as opa-wasm's value.h lays it out: type, length, address of the characters. */
const STRING = 4;
const AT = { length: 4, characters: 8 } as const;
const NONE = -1;

/**
 * Makes the watched twin of a policy. It never decides: its input has stand-ins where the record has nothing, and all
 * that is asked of it is whether they were looked at.
 * @see https://www.openpolicyagent.org/docs/wasm for the ABI
 * @throws Error where the module cannot be watched
 */
export async function createWatcher(
  { wasm, data }: Pick<Bundle, 'wasm' | 'data'>,
  entrypoint: string,
): Promise<Watcher> {
  const module = await WebAssembly.compile(meter(watchModule(wasm), MOST_TICKS));
  return new WatchedPolicy(module, { entrypoint, data, pages: Math.ceil(wasm.length / PAGE) + SPARE_PAGES });
}

interface WatchedParts {
  readonly entrypoint: string;
  readonly data: object;
  readonly pages: number;
}

class WatchedPolicy implements Watcher {
  readonly #module: object;
  readonly #parts: WatchedParts;
  #instance: Instance | undefined;

  constructor(module: object, parts: WatchedParts) {
    this.#module = module;
    this.#parts = parts;
  }

  readsOf({ input, unknown }: Question, budget: number): readonly string[] {
    if (unknown.length === 0) return [];
    const all = unknown.map(({ pointer }) => pointer);
    try {
      this.#instance ??= new Instance(this.#module, this.#parts);
      const standIns = unknown.map(({ standIn }) => standIn);
      const hits = this.#instance.hits(input, standIns, Math.min(MOST_TICKS, budget * WATCHED_COST));
      return all.filter((_, index) => ((hits >>> index) & 1) === 1);
    } catch {
      // It trapped, or used up its ticks: what it would still have read is not known.
      this.#instance = undefined;
      return all;
    }
  }
}

class Instance {
  readonly #memory: { readonly buffer: ArrayBuffer };
  readonly #exports: Exports;
  readonly #entrypoint: number;
  readonly #data: number;
  readonly #heap: number;

  constructor(module: object, { entrypoint, data, pages }: WatchedParts) {
    const { instance, memory } = link(module, { initial: pages, maximum: MAX_PAGES }, HOST_BUILTINS);
    this.#memory = memory;
    this.#exports = instance.exports as Exports;
    this.#limit(MOST_TICKS);
    const id = (this.#read(this.#exports.entrypoints()) as Record<string, number>)[entrypoint];
    if (id === undefined) throw new Error('it has no such entrypoint');
    this.#entrypoint = id;
    this.#data = this.#write(data);
    this.#heap = this.#exports.opa_heap_ptr_get();
  }

  /** A bit for each stand-in that the evaluation, or the writing of its result, read. */
  hits(input: unknown, standIns: readonly string[], ticks: number): number {
    const opa = this.#exports;
    if (standIns.length > SLOTS) throw new RangeError('too much of it is unknown');
    this.#unwatch();
    this.#limit(MOST_TICKS);
    opa.opa_heap_ptr_set(this.#heap);
    const value = this.#write(input);
    const context = opa.opa_eval_ctx_new();
    opa.opa_eval_ctx_set_input(context, value);
    opa.opa_eval_ctx_set_data(context, this.#data);
    opa.opa_eval_ctx_set_entrypoint(context, this.#entrypoint);
    this.#watch(standIns.map((standIn) => this.#find(standIn)));
    this.#limit(ticks);
    if (opa.eval(context) !== 0) throw new Error('the evaluation failed');
    opa.opa_json_dump(opa.opa_eval_ctx_get_result(context));
    const hits = this.#global(WATCH.hits).value;
    this.#unwatch();
    return hits;
  }

  /** Where the value lies that has the stand-in's characters. There is one: they are written nowhere else. */
  #find(standIn: string): number {
    const memory = Buffer.from(this.#memory.buffer);
    const end = this.#exports.opa_heap_ptr_get();
    const heap = memory.subarray(0, end);
    const characters = heap.indexOf(standIn, this.#heap);
    if (characters === NONE || heap.indexOf(standIn, characters + 1) !== NONE) throw new Error('it is not there once');
    const head = Buffer.alloc(VALUE_BYTES - AT.length);
    head.writeUInt32LE(Buffer.byteLength(standIn), 0);
    head.writeUInt32LE(characters, AT.characters - AT.length);
    const at = heap.indexOf(head, this.#heap) - AT.length;
    if (at >= this.#heap && heap[at] === STRING) return at;
    throw new Error('its value is not there');
  }

  #watch(addresses: readonly number[]): void {
    for (const [index, address] of addresses.entries()) this.#global(WATCH.slot(index)).value = address;
    this.#global(WATCH.hits).value = 0;
    this.#global(WATCH.low).value = Math.min(...addresses);
    this.#global(WATCH.high).value = Math.max(...addresses) + VALUE_BYTES;
  }

  /** With nothing between low and high, no load is looked at. */
  #unwatch(): void {
    for (let index = 0; index < SLOTS; index += 1) this.#global(WATCH.slot(index)).value = 0;
    this.#global(WATCH.low).value = 0;
    this.#global(WATCH.high).value = 0;
  }

  #limit(ticks: number): void {
    this.#global(FUEL).value = ticks;
  }

  #global(name: string): { value: number } {
    return this.#exports[name] as { value: number };
  }

  #read(value: number): unknown {
    const start = this.#exports.opa_json_dump(value);
    const memory = Buffer.from(this.#memory.buffer);
    return JSON.parse(memory.toString('utf8', start, memory.indexOf(0, start)));
  }

  #write(value: unknown): number {
    const json = Buffer.from(JSON.stringify(value));
    const address = this.#exports.opa_malloc(json.length);
    Buffer.from(this.#memory.buffer).set(json, address);
    return this.#exports.opa_json_parse(address, json.length);
  }
}

/** Neither Node's types nor the ES library declare it. */
declare const WebAssembly: { compile(bytes: Uint8Array<ArrayBuffer>): Promise<object> };
