import type { HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';

/** As many as one call may make. */
const MAX_NUMBERS = 10_000n;
const NUMBER_TICKS = 20;

/** `numbers.range_step`: up or down, both ends included. */
export const NUMBERS: HostBuiltins = {
  'numbers.range_step': ([from, to, by], spend) => {
    const [first, last, step] = [operand.integer(from), operand.integer(to), operand.integer(by)];
    if (step <= 0n) throw new RangeError('a step must be positive');
    const way = last < first ? -1n : 1n;
    const count = ((last - first) * way) / step + 1n;
    if (count > MAX_NUMBERS) throw new RangeError('there are too many numbers');
    spend(Number(count) * NUMBER_TICKS);
    return Array.from({ length: Number(count) }, (_, at) => first + BigInt(at) * step * way);
  },
};
