import { Cursor } from './cursor.ts';
import { leb128 } from './leb128.ts';

/** The sections that the meter acts upon. */
export const SECTION = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;

/**
 * All sections that are known, in the order in which a module has them: data count (12) stands before code. That of
 * memories (5) is not among them: the only memory is the host's, which is bounded (threats P05).
 */
const ORDER = [1, 2, 3, 4, 6, 7, 8, 9, 12, 10, 11];
const CUSTOM = 0;
const HEADER = 8;
const EMPTY = Uint8Array.of(0);

/** A module's sections by their number, without the custom ones, which say nothing that matters to its meaning. */
export class Sections {
  readonly #header: Uint8Array;
  readonly #byId = new Map<number, Uint8Array>();

  constructor(wasm: Uint8Array) {
    const module = new Cursor(wasm);
    this.#header = module.take(HEADER);
    while (!module.isDone) {
      const id = module.byte();
      const content = module.take(module.u32());
      if (id === CUSTOM) continue;
      if (!ORDER.includes(id)) throw new Error(`a section ${id} is not one that can be metered`);
      if (this.#byId.has(id)) throw new Error(`it has two sections ${id}`);
      this.#byId.set(id, content);
    }
  }

  /** Every section that matters here is a list: its length, then its elements. */
  read(id: number): { readonly count: number; readonly elements: Cursor } {
    const elements = new Cursor(this.#byId.get(id) ?? EMPTY);
    return { count: elements.u32(), elements };
  }

  /** Puts an element at the end of a list. */
  append(id: number, element: readonly number[]): void {
    const { count, elements } = this.read(id);
    const rest = elements.bytes.subarray(elements.at);
    this.#byId.set(id, Buffer.concat([Uint8Array.from(leb128(count + 1)), rest, Uint8Array.from(element)]));
  }

  replace(id: number, content: Uint8Array): void {
    this.#byId.set(id, content);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const chunks = ORDER.flatMap((id) => {
      const content = this.#byId.get(id);
      return content === undefined ? [] : [Uint8Array.from([id, ...leb128(content.length)]), content];
    });
    return new Uint8Array(Buffer.concat([this.#header, ...chunks]));
  }
}
