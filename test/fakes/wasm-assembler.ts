/** Puts small WebAssembly modules together, valid or not, so that a test can say what is in them byte by byte. */

export interface Parts {
  /** Code of each function without its size; every function is `[] -> []`, and exported under its number. */
  readonly functions: readonly (readonly number[])[];
  /** Types of locals, one each, for every function. */
  readonly locals?: readonly number[];
  /** Sections by number, put where they belong. */
  readonly sections?: Readonly<Record<number, readonly number[]>>;
}

const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** Imports `env.memory` (a page at least), has a table of one, a passive element and a passive segment of data. */
export function assemble({ functions, locals = [], sections = {} }: Parts): Uint8Array<ArrayBuffer> {
  const names = functions.map((_, index) => [...name(String(index)), 0, index]);
  const bodies = functions.map((code) => sized([locals.length, ...locals.flatMap((type) => [1, type]), ...code, 0x0b]));
  const all: Record<number, readonly number[]> = {
    1: [1, 0x60, 0, 0],
    2: [1, ...name('env'), ...name('memory'), 2, 1, 1, ...leb(1024)],
    3: list(functions.map(() => [0])),
    4: [1, 0x70, 0, 1],
    7: list(names),
    9: [2, 0, 0x41, 0, 0x0b, 1, 0, 1, 0, 1, 0],
    12: [1],
    10: list(bodies),
    11: [1, 1, 3, 1, 2, 3],
    ...sections,
  };
  const bytes = ORDER.flatMap((id) => {
    const content = all[id];
    return content === undefined || content.length === 0 ? [] : [id, ...sized(content)];
  });
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes]);
}

export function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 128) + 0x80, ...leb(Math.floor(value / 128))];
}

export function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function sized(bytes: readonly number[]): number[] {
  return [...leb(bytes.length), ...bytes];
}
