import { BYTES_PER_TICK, charge } from './meter/charge.ts';
import { countImports } from './meter/imports.ts';
import { OPCODE } from './meter/instruction.ts';
import { leb128 } from './meter/leb128.ts';
import { type MeterIndices, meteredBody } from './meter/metered-body.ts';
import { SECTION, Sections } from './meter/sections.ts';

/** The exported global: an i32 that the host sets before an evaluation, and that is negative once it was used up. */
export const FUEL = 'behalf_fuel';

const I32 = 0x7f;
const FUNCTION_TYPE = 0x60;
const MUTABLE = 1;
const GLOBAL = 3;

/**
 * Makes a module stop by itself: every function entry and every loop takes its ticks from a global, and traps where none
 * are left (threats P07). No index of the module moves, since what is added comes last: one global, one type, one
 * function. What it does not understand it refuses.
 * @param wasm a module that is known to be **valid**: otherwise an index that means nothing could come to mean the global
 * @param fuel what the global holds at instantiation
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 * @throws Error which says what of the module is not known
 */
export function meter(wasm: Uint8Array, fuel: number): Uint8Array<ArrayBuffer> {
  const sections = new Sections(wasm);
  const imported = countImports(sections);
  const indices: MeterIndices = {
    fuel: imported.globals + sections.read(SECTION.global).count,
    bulkCharge: imported.functions + sections.read(SECTION.function).count,
  };
  const type = sections.read(SECTION.type).count;
  meterCode(sections, indices);
  sections.append(SECTION.type, [FUNCTION_TYPE, 1, I32, 1, I32]);
  sections.append(SECTION.function, leb128(type));
  sections.append(SECTION.global, [I32, MUTABLE, OPCODE.i32Const, ...leb128(fuel), OPCODE.end]);
  sections.append(SECTION.export, [FUEL.length, ...Buffer.from(FUEL), GLOBAL, ...leb128(indices.fuel)]);
  sections.append(SECTION.code, sized(bulkCharge(indices.fuel)));
  return sections.toBytes();
}

function meterCode(sections: Sections, indices: MeterIndices): void {
  const { count, elements } = sections.read(SECTION.code);
  const bodies: Uint8Array[] = [];
  for (let left = count; left > 0; left--) {
    const body = meteredBody(elements.take(elements.u32()), indices);
    bodies.push(Uint8Array.from(leb128(body.length)), body);
  }
  sections.replace(SECTION.code, Buffer.concat([Uint8Array.from(leb128(count)), ...bodies]));
}

/**
 * The one function that is added: it takes the length of a bulk instruction off the stack, charges for it, and puts it
 * back.
 */
function bulkCharge(fuel: number): number[] {
  const length = [OPCODE.localGet, 0];
  const shift = leb128(Math.log2(BYTES_PER_TICK));
  return [0, ...charge(fuel, [...length, OPCODE.i32Const, ...shift, OPCODE.i32ShrU]), ...length, OPCODE.end];
}

function sized(bytes: readonly number[]): number[] {
  return [...leb128(bytes.length), ...bytes];
}
