import { FUEL } from './meter.ts';

/** One instance of a module, as the SDK makes it: the part that we use. */
export interface Instance {
  readonly minorVersion?: number;
  readonly mem: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** Where the heap begins, and data with it. */
  readonly baseHeapPtr: number;
  dataAddr: number;
  /** Where data ends and the heap of an evaluation begins. */
  dataHeapPtr: number;
  readonly wasmInstance: { readonly exports: object };
  readonly entrypoints: Readonly<Record<string, number>>;
  setData(data: object): void;
}

/** 64 KiB: the unit in which a module's memory grows. */
export const PAGE = 64 * 1024;

/** A WebAssembly.Global. */
export interface Fuel {
  value: number;
}

/** What the module has left to spend. Below zero it has been stopped for it (threats P07). */
export function fuelOf({ wasmInstance }: Instance): Fuel {
  return (wasmInstance.exports as Record<typeof FUEL, Fuel>)[FUEL];
}
