import { Cursor } from '../meter/cursor.ts';
import { countImports } from '../meter/imports.ts';
import { OPCODE, readInstruction } from '../meter/instruction.ts';
import { leb128 } from '../meter/leb128.ts';
import { SECTION, Sections } from '../meter/sections.ts';

/** How many values can be watched at once. */
export const SLOTS = 32;
/** The exported globals: where each watched value begins, the bounds of all of them, and a bit for each that was read. */
export const WATCH = {
  slot: (index: number) => `behalf_watch_${index}`,
  low: 'behalf_watch_low',
  high: 'behalf_watch_high',
  hits: 'behalf_watch_hits',
};
/** The bytes of an OPA value of type string, wherever its characters are: type, length, address. */
export const VALUE_BYTES = 12;

const I32 = 0x7f;
const FUNCTION_TYPE = 0x60;
const MUTABLE = 1;
const GLOBAL = 3;
const EMPTY_TYPE = 0x40;
const OP = { return: 0x0f, i32LtU: 0x49, i32LeU: 0x4d, i32GeU: 0x4f, i32Add: 0x6a, i32Or: 0x72 } as const;

/** The bytes that each load reads, from i32.load (0x28) to i64.load32_u (0x35). */
const FIRST_LOAD = 0x28;
const WIDTHS = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4];

interface Indices {
  /** The function that every load tells its address. */
  readonly touch: number;
  /** The first of the globals: the slots, then low, high and hits. */
  readonly globals: number;
}

/**
 * Makes a module tell which of some values in its memory it reads: before every load, a function compares the address
 * with those that are watched. What is not read cannot have had a part in the result, so that a replay knows, and does
 * not guess, whether a decision rests on what a record has not kept.
 * @param wasm a valid module
 * @throws Error where it has instructions that read memory in another way, or that are not known
 */
export function watchModule(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = new Sections(wasm);
  const imported = countImports(sections);
  const indices: Indices = {
    touch: imported.functions + sections.read(SECTION.function).count,
    globals: imported.globals + sections.read(SECTION.global).count,
  };
  const type = sections.read(SECTION.type).count;
  watchLoads(sections, indices);
  sections.append(SECTION.type, [FUNCTION_TYPE, 3, I32, I32, I32, 1, I32]);
  sections.append(SECTION.function, leb128(type));
  const names = [...Array.from({ length: SLOTS }, (_, index) => WATCH.slot(index)), WATCH.low, WATCH.high, WATCH.hits];
  for (const [index, name] of names.entries()) {
    sections.append(SECTION.global, [I32, MUTABLE, OPCODE.i32Const, 0, OPCODE.end]);
    sections.append(SECTION.export, [name.length, ...Buffer.from(name), GLOBAL, ...leb128(indices.globals + index)]);
  }
  const body = touchBody(indices.globals);
  sections.append(SECTION.code, [...leb128(body.length), ...body]);
  return sections.toBytes();
}

function watchLoads(sections: Sections, { touch }: Indices): void {
  const { count, elements } = sections.read(SECTION.code);
  const chunks: Uint8Array[] = [Uint8Array.from(leb128(count))];
  for (let left = count; left > 0; left--) {
    const body = watchedBody(elements.take(elements.u32()), touch);
    chunks.push(Uint8Array.from(leb128(body.length)), body);
  }
  sections.replace(SECTION.code, Buffer.concat(chunks));
}

function watchedBody(body: Uint8Array, touch: number): Uint8Array {
  const code = new Cursor(body);
  for (let runs = code.u32(); runs > 0; runs--) {
    code.u32();
    code.byte();
  }
  const chunks: Uint8Array[] = [];
  let from = 0;
  while (!code.isDone) {
    const start = code.at;
    const { opcode, isBulk } = readInstruction(code);
    if (isBulk) throw new Error('it copies memory whole, which cannot be watched');
    const width = WIDTHS[opcode - FIRST_LOAD];
    if (width === undefined) continue;
    chunks.push(body.subarray(from, start), Uint8Array.from(tell(offsetOf(body, start), width, touch)));
    from = start;
  }
  return Buffer.concat([...chunks, body.subarray(from)]);
}

/** Behind the opcode come the alignment and the offset. */
function offsetOf(body: Uint8Array, start: number): number {
  const immediates = new Cursor(body);
  immediates.at = start + 1;
  immediates.u32();
  return immediates.u32();
}

/** The address is on the stack already, and stays there. */
function tell(offset: number, width: number, touch: number): number[] {
  return [...constant(offset), ...constant(width), OPCODE.call, ...leb128(touch)];
}

/** `touch(base, offset, width) → base`: sets the bit of each watched value that the load overlaps. */
function touchBody(globals: number): number[] {
  const [low, high, hits] = [globals + SLOTS, globals + SLOTS + 1, globals + SLOTS + 2];
  const [base, end] = [get(0), get(1)];
  // Local 1 becomes the end of what is read.
  const setEnd = [...base, ...get(1), OP.i32Add, ...get(2), OP.i32Add, LOCAL_SET, 1];
  const leaveEarly = [
    [...end, ...global(low), OP.i32LeU],
    [...base, ...global(high), OP.i32GeU, OP.i32Or],
    [OPCODE.if, EMPTY_TYPE, ...base, OP.return, OPCODE.end],
  ];
  const slots = Array.from({ length: SLOTS }, (_, index) => [
    // Both ends in one unsigned comparison: end - start - 1 < VALUE_BYTES + width - 1.
    [...end, ...global(globals + index), OPCODE.i32Sub, ...constant(1), OPCODE.i32Sub],
    [...constant(VALUE_BYTES - 1), ...get(2), OP.i32Add, OP.i32LtU],
    [OPCODE.if, EMPTY_TYPE, ...global(hits), ...bit(index), OP.i32Or, OPCODE.globalSet, ...leb128(hits), OPCODE.end],
  ]);
  return [0, ...setEnd, ...leaveEarly.flat(), ...slots.flat(2), ...base, OPCODE.end];
}

const LOCAL_SET = 0x21;
const SHIFT_LEFT = 0x74;

function get(local: number): number[] {
  return [OPCODE.localGet, local];
}

function global(index: number): number[] {
  return [OPCODE.globalGet, ...leb128(index)];
}

function bit(index: number): number[] {
  return [...constant(1), ...constant(index), SHIFT_LEFT];
}

function constant(value: number): number[] {
  return [OPCODE.i32Const, ...leb128(value)];
}
