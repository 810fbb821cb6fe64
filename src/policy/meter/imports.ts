import type { Cursor } from './cursor.ts';
import { SECTION, type Sections } from './sections.ts';

/** How many of a module's functions and globals are the host's: they come first. */
export function countImports(sections: Sections): { readonly functions: number; readonly globals: number } {
  const { count, elements } = sections.read(SECTION.import);
  const counts = [0, 0, 0, 0];
  for (let left = count; left > 0; left--) {
    elements.take(elements.u32());
    elements.take(elements.u32());
    const kind = elements.byte();
    skipType(kind, elements);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const [functions = 0, , , globals = 0] = counts;
  return { functions, globals };
}

/** 0 is a function, 1 a table, 2 a memory, 3 a global. */
function skipType(kind: number, elements: Cursor): void {
  if (kind === 0) {
    elements.u32();
  } else if (kind === 1) {
    elements.byte();
    skipLimits(elements);
  } else if (kind === 2) {
    skipLimits(elements);
  } else if (kind === 3) {
    elements.take(2);
  } else {
    throw new Error(`an import of kind ${kind} is not one that can be metered`);
  }
}

/** 0: a least size; 1: a most size too. Others are shared or 64-bit memories. */
function skipLimits(elements: Cursor): void {
  const flags = elements.byte();
  if (flags > 1) throw new Error('a shared or 64-bit memory is not one that can be metered');
  elements.u32();
  if (flags === 1) elements.u32();
}
