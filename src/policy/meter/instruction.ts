import type { Cursor } from './cursor.ts';

/** The opcodes that the meter acts upon. */
export const OPCODE = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  prefixed: 0xfc,
} as const;

/** What follows an opcode: how many numbers (LEB128), or one of the shapes that are not that. */
type Immediates = number | 'memory' | 'f32' | 'f64' | 'vector' | 'table';

/**
 * WebAssembly 2.0 without vectors (SIMD). What is not here is refused: tail calls, exceptions, threads, garbage
 * collection. OPA's compiler emits none of them.
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */
const IMMEDIATES: readonly (readonly [first: number, last: number, immediates: Immediates])[] = [
  [0x00, 0x01, 0],
  // A block's type is one number: a type's index, or a negative one for a single result.
  [0x02, 0x04, 1],
  [0x05, 0x05, 0],
  [0x0b, 0x0b, 0],
  [0x0c, 0x0d, 1],
  [0x0e, 0x0e, 'table'],
  [0x0f, 0x0f, 0],
  [0x10, 0x10, 1],
  [0x11, 0x11, 2],
  [0x1a, 0x1b, 0],
  [0x1c, 0x1c, 'vector'],
  [0x20, 0x26, 1],
  [0x28, 0x3e, 'memory'],
  [0x3f, 0x42, 1],
  [0x43, 0x43, 'f32'],
  [0x44, 0x44, 'f64'],
  [0x45, 0xc4, 0],
  [0xd0, 0xd0, 1],
  [0xd1, 0xd1, 0],
  [0xd2, 0xd2, 1],
];

const BY_OPCODE = new Map(
  IMMEDIATES.flatMap(([first, last, immediates]) =>
    Array.from({ length: last - first + 1 }, (_, index) => [first + index, immediates] as const),
  ),
);

/** 0xFC and a number: eight conversions, then memory.init, data.drop, memory.copy, memory.fill and those of tables. */
const BY_SUBOPCODE = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
/** Those whose time grows with the number on top of the stack: init, copy, fill and grow, of memories and tables. */
const BULK = new Set([8, 10, 11, 12, 14, 15, 17]);

export interface Instruction {
  readonly opcode: number;
  readonly isBulk: boolean;
}

/** Reads one instruction with its immediates. @throws Error for an opcode that is not known */
export function readInstruction(code: Cursor): Instruction {
  const opcode = code.byte();
  if (opcode === OPCODE.prefixed) return readPrefixed(code);
  const immediates = BY_OPCODE.get(opcode);
  if (immediates === undefined) throw unknown(`0x${opcode.toString(16)}`);
  skip(immediates, code);
  return { opcode, isBulk: false };
}

function readPrefixed(code: Cursor): Instruction {
  const sub = code.u32();
  const immediates = BY_SUBOPCODE[sub];
  if (immediates === undefined) throw unknown(`0xfc ${sub}`);
  skip(immediates, code);
  return { opcode: OPCODE.prefixed, isBulk: BULK.has(sub) };
}

function skip(immediates: Immediates, code: Cursor): void {
  if (immediates === 'vector') skipVector(code);
  else if (immediates === 'table') skipBranches(code);
  else if (immediates === 'f32') code.take(4);
  else if (immediates === 'f64') code.take(8);
  else if (immediates === 'memory') skipMemoryArgument(code);
  else for (let left = immediates; left > 0; left--) code.skipNumber();
}

function skipVector(code: Cursor): void {
  for (let left = code.u32(); left > 0; left--) code.skipNumber();
}

/** Of a `br_table`: a vector, and where all others go. */
function skipBranches(code: Cursor): void {
  skipVector(code);
  code.skipNumber();
}

/** From 64 on, the alignment says that the number of a memory follows: a later WebAssembly. */
function skipMemoryArgument(code: Cursor): void {
  if (code.u32() >= 64) throw unknown('with more than one memory');
  code.skipNumber();
}

function unknown(what: string): Error {
  return new Error(`an instruction ${what} is not one that can be metered`);
}
