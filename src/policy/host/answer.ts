import { MAX_TEXT } from './bounded-text.ts';
import type { HostBuiltin, Spend } from './builtin.ts';
import { readValue } from './read-value.ts';
import { writeValue } from './write-value.ts';

/** Ticks for a call, and characters for one more: a call costs about 2 µs, and a tick is 5 to 10 ns. */
const CALL_TICKS = 200;
const CHARACTERS_PER_TICK = 4;

/**
 * Answers a call as the module makes it: operands and result are text. All that it takes is paid for as it goes on.
 * @returns undefined where the builtin says nothing
 */
export function answer(builtin: HostBuiltin, texts: readonly string[], spend: Spend): string | undefined {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > MAX_TEXT) throw new RangeError('its operands are too long');
  spend(CALL_TICKS + length / CHARACTERS_PER_TICK);
  const operands = texts.map((text) => readValue(text, spend));
  const result = builtin(operands, spend);
  return result === undefined ? undefined : writeValue(result, spend);
}
