import { BYTES_PER_TICK, charge } from './charge.ts';
import { Cursor } from './cursor.ts';
import { OPCODE, readInstruction } from './instruction.ts';
import { leb128 } from './leb128.ts';

/** What the meter adds to the module, by index, and what it has to know of it. */
export interface MeterIndices {
  /** The global that holds what is left. */
  readonly fuel: number;
  /** The function that charges for a bulk instruction; see meter.ts. */
  readonly bulkCharge: number;
}

/** Ticks that are due at one place of the code. */
interface Charge {
  readonly at: number;
  ticks: number;
}

/**
 * One function's code with its charges: at its entry and at the head of every loop, for the bytes that can run before
 * the next charge, and at what takes longer than its bytes say. A call to the host is charged by the host.
 * @param body of the code section, without its size
 */
export function meteredBody(body: Uint8Array, indices: MeterIndices): Uint8Array {
  const code = new Cursor(body);
  skipLocals(code);
  const bulk: number[] = [];
  const charges = chargesOf(code, bulk);
  const additions = [
    ...charges.map(({ at, ticks }) => ({ at, bytes: charge(indices.fuel, [OPCODE.i32Const, ...leb128(ticks)]) })),
    ...bulk.map((at) => ({ at, bytes: [OPCODE.call, ...leb128(indices.bulkCharge)] })),
  ].sort((one, other) => one.at - other.at);
  return insert(body, additions);
}

/** Reads to the end of the function. @param bulk gets the places of bulk instructions */
function chargesOf(code: Cursor, bulk: number[]): Charge[] {
  const charges: Charge[] = [{ at: code.at, ticks: 0 }];
  /** The open blocks, the function first; of a loop and of the function, the charge. */
  const open: (Charge | undefined)[] = [...charges];
  while (open.length > 0) {
    const start = code.at;
    const { opcode, isBulk } = readInstruction(code);
    if (opcode === OPCODE.loop) {
      const turn = { at: code.at, ticks: 0 };
      charges.push(turn);
      open.push(turn);
    } else if (opcode === OPCODE.block || opcode === OPCODE.if) {
      open.push(undefined);
    } else if (opcode === OPCODE.end) {
      const closed = open.pop();
      if (closed !== undefined) closed.ticks = 1 + Math.floor((code.at - closed.at) / BYTES_PER_TICK);
    } else if (isBulk) {
      bulk.push(start);
    }
  }
  if (!code.isDone) throw new Error('a function goes on behind its end');
  return charges;
}

/** Runs of locals: a count and a type each. Types of one byte are all that WebAssembly 2.0 has. */
function skipLocals(code: Cursor): void {
  for (let runs = code.u32(); runs > 0; runs--) {
    code.u32();
    const type = code.byte();
    if (type < 0x6f || type > 0x7f) throw new Error('a local variable has a type that is not known');
  }
}

function insert(into: Uint8Array, additions: readonly { readonly at: number; readonly bytes: number[] }[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const { at, bytes } of additions) {
    chunks.push(into.subarray(from, at), Uint8Array.from(bytes));
    from = at;
  }
  return Buffer.concat([...chunks, into.subarray(from)]);
}
