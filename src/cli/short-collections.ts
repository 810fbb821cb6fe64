import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** By how much of what was alive the heap may grow before it is collected: to twice. */
const GROWING_PERCENT = 100;
/** Bytes. A process that may have more than about 2 GiB lets its heap grow to four times; any other to less than twice. */
const LARGE_HEAP = 2_300_000_000;

/**
 * Has V8 collect its old generation before much has died there. Every Check waits while it clears away what died, mostly
 * what Node keeps of ended HTTP/2 streams: 150 ms for 275 MB were measured under load, which is all the time that a Check
 * has (threats E03). A third of the garbage is a third of the wait. Where V8 waits for less by itself, it is left alone.
 * @param heapLimit bytes that this process may have
 * @param setFlags for tests
 */
export function shortCollections(
  heapLimit = getHeapStatistics().heap_size_limit,
  setFlags: (flags: string) => void = setFlagsFromString,
): void {
  if (heapLimit >= LARGE_HEAP) setFlags(`--heap-growing-percent=${GROWING_PERCENT}`);
}
