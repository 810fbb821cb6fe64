import { OPCODE } from './instruction.ts';
import { leb128 } from './leb128.ts';

/** A tick for every so many bytes that lie ahead, so that code without loops or calls is not free, however long. */
export const BYTES_PER_TICK = 256;

const EMPTY_TYPE = 0x40;

/**
 * Code for `fuel -= ticks; if (fuel < 0) trap`. It takes nothing from the stack and leaves nothing there.
 * @param fuel the index of the global
 * @param ticks code that puts one i32 on the stack
 */
export function charge(fuel: number, ticks: readonly number[]): number[] {
  const get = [OPCODE.globalGet, ...leb128(fuel)];
  const spend = [...get, ...ticks, OPCODE.i32Sub, OPCODE.globalSet, ...leb128(fuel)];
  const isSpent = [...get, OPCODE.i32Const, 0, OPCODE.i32LtS];
  return [...spend, ...isSpent, OPCODE.if, EMPTY_TYPE, OPCODE.unreachable, OPCODE.end];
}
